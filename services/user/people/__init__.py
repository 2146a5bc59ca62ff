"""Who may do what, by REST: the caller himself, and the keys of programs."""
