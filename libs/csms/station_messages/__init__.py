"""The messages that stations sent, as they came, and the reports that several of them make."""
