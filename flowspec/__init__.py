"""FlowSpec: a compiler for normalizing flows."""
