"""Supports: the sets of values that a point of a pipeline can take, and membership in
them.
"""
