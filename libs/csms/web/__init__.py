"""The HTTP API of a service: problems, paging, health and the server."""
