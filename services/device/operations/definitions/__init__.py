"""One module for each operation: its name, its body, and its message in each version of OCPP."""
