"""The charging profiles that stations have installed, and what OCPP says of sending them (K; 1.6 §3.13)."""
