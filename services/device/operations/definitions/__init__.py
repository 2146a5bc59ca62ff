"""One module for each operation: its name, what it needs, and its message in each version of OCPP."""
