"""One module for each event that tells of deviations."""
