"""One module for each OCPP message that the user service consumes."""
