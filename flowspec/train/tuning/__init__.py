"""A search for the values of an architecture and of a training that score best."""
