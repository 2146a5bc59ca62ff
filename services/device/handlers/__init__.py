"""One module for each OCPP message and event that the device service consumes."""
