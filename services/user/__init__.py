"""The user service: which tokens exist, whether they may charge, what is reserved for them, and which of
them stations know by themselves."""
