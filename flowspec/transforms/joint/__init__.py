"""Maps from real numbers onto sets that tie coordinates together."""
