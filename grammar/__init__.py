"""The files that define the language: its grammar, its prelude, the JSON Schema of its flows."""
