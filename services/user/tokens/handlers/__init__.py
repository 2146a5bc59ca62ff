"""One module for each message that concerns tokens."""
