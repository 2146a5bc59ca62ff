"""The device service: which stations exist, who may connect as one, and what state they are in."""
