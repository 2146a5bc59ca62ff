"""Tokens, such as RFID cards: which there are, and whether they may charge."""
