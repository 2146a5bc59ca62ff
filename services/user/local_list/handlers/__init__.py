"""One module for each event and result of a command that concerns local lists."""
