"""Help while a flow is written: colors, and a language server for editors."""
