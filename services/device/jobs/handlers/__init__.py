"""One module for each message and result about jobs."""
