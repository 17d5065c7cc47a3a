"""Transforms around other transforms: `inverse { ... }` and `on(...) { ... }`."""
