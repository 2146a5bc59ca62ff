"""Which charging stations there are: CRUD, the paths of earlier systems, and deletion."""
