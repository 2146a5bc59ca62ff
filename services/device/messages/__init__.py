"""What stations sent, as it came: the message log, DataTransfer and dead letters."""
