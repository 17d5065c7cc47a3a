"""Graphs run in any engine: jobs written, processes watched, answers read."""
