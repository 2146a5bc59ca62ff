"""Topics in, messages out: the bus, on Pub/Sub and inside one process, and the router of handlers."""
