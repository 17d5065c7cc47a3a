"""Trained flows of zuko."""
