"""Bundles in the folders that serving tools and hubs expect, one layout a file."""
