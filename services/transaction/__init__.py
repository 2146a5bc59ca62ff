"""The transaction service: what stations of every version report about charging."""
