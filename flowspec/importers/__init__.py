"""Flows that were trained elsewhere, as FlowSpec models with the same numbers."""

from flowspec.importers.zuko.flows import from_zuko

__all__ = ["from_zuko"]
