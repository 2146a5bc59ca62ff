"""Local authorization lists: which tokens a station should know by itself, and how they get there (D01)."""
