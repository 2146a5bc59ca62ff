"""Who may connect as which station: secrets, security profiles, admission, and the seam for certificates."""
