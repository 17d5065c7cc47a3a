"""The version, in one place."""

VERSION = "0.1.0"
IR_VERSION = 1
"""Of the JSON of a flow, `grammar/flow.schema.json`."""
