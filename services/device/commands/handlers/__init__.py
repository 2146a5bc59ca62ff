"""One module for each message and event about commands."""
