"""What every service is built from: a bus, a store, a router, HTTP, settings, logs and a run loop."""
