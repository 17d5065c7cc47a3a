"""Pictures, as bytes. This room owns matplotlib."""
