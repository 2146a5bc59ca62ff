"""Commands: what the CSMS asks of stations, from the request to the answer."""
