"""Rows for a training: sources, checks, batches, noise."""
