"""The operator's console: pages over the REST API of the other services."""
