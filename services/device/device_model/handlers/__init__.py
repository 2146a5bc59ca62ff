"""One module for each message and result about the device model."""
