"""Networks that give parameters: layers over `ops`, the batch as the last axis."""
