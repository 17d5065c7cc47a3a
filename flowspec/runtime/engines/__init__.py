"""Engines that run the graphs of a bundle: one adapter a file, found by looking into this folder.

A file holds an `Engine` named ENGINE; its name is that of the file, with `-` for `_`. An engine of
another language has a program beside it, which reads and writes what `replay/jobs.py` says.
"""
