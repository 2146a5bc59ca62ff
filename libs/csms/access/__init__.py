"""Who asks, and what he may do: callers, their keys, their scopes, and the scope of every path."""
