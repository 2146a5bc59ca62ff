"""Simulated charging stations: they boot, authorize, charge and stop against any CSMS."""
