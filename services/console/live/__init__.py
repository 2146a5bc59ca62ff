"""What happens in the CSMS, as it happens: for open pages, and for programs by server-sent events."""
