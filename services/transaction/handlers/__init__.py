"""One module for each OCPP message about transactions."""
