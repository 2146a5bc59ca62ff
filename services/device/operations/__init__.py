"""What an operator may ask of a station without knowing which version of OCPP it speaks."""
