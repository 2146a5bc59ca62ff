"""The WebSocket gateway: OCPP-J frames on one side, bus messages on the other. It knows no business rule."""
