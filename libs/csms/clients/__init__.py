"""What services ask each other over HTTP."""
