"""The intermediate representation: a checked flow, how it is assembled, and its JSON."""
