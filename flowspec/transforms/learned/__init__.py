"""Transforms that networks or trained vectors decide."""
