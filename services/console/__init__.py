"""The console: the pages on which people see the fleet and act on it. It imports no other service: it asks
their REST as the person whose browser it serves.
"""
