"""The messages that the transaction service answers, one module each."""
