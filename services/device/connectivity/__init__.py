"""Which stations are connected, to which gateway, and the state of their connectors."""
