"""Transforms, one concept a file.

Found by looking into this folder: no list is kept by hand.
"""
