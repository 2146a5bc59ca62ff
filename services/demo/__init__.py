"""An invented operator, to try the CSMS out: its stations, their past month, and what they do now."""
