"""The charging profiles that stations have, and what OCPP says of sending them (K, and 1.6 §3.13)."""
