"""The command line: one file per command, found by looking into this folder."""
