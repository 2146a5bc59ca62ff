"""The audit trail: who did what, in records that cannot be altered unseen."""
