"""A first spec for a table: what is seen in its columns, and a flow that fits them."""
