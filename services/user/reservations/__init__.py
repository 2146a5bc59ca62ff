"""Reservations: what stations keep for whom, and how that ended."""
