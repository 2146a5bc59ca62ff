"""Requests of the CSMS itself: settings of new stations, connectors of stations that were away."""
