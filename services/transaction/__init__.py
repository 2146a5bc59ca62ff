"""The transaction service: transactions, energy and meter values of stations of every version."""
