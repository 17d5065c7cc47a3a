"""Linear maps of the whole event."""
