"""The device model of stations: variables, monitors, events and event streams."""
