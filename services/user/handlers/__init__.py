"""One module for each OCPP message and event that the user service consumes."""
