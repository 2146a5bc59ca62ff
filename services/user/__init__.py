"""The user service: which tokens exist, and whether they may charge."""
