"""One module for each message that is kept as it came."""
