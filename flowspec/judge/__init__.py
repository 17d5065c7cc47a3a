"""Verdicts on a fit: a model against rows that it has not seen."""
