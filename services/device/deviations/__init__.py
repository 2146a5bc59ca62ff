"""How stations depart from OCPP: what each one did, and the compliance report of a model."""
