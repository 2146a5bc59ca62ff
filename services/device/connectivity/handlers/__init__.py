"""One module for each message and event about connections and connectors."""
