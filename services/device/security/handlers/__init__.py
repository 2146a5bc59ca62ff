"""One module for each message about certificates."""
