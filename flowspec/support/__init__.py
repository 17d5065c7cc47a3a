"""Sets of values: what a point of a pipeline can be, and what a step can take."""
