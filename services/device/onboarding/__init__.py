"""What the CSMS asks by itself: a new station for its settings, one that was away for its connectors."""
