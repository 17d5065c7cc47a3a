"""Transforms of one number, applied to each coordinate."""
