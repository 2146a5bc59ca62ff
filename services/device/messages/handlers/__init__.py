"""One module for each message that is stored as received."""
