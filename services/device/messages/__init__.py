"""Messages of stations: the message log, DataTransfer and dead letters."""
