"""Documents by id, in collections: on Firestore, and in an SQLite file."""
