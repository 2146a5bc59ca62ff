"""One module for each message, event and result of a command that concerns reservations."""
