"""One module for each OCPP message, result of a command and event that concerns charging profiles."""
