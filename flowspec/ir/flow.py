"""The intermediate representation: a checked flow, immutable.

`flowspec.ir.assembly.assemble` is the only maker of a `Flow`, whether it comes from text,
JSON or Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowspec.diagnostics.notebooks import InNotebooks
from flowspec.diagnostics.source import Source
from flowspec.ir.pipeline import Pipeline
from flowspec.ir.to_json import pipeline_to_json
from flowspec.parts.trees import values
from flowspec.parts.values import Learn


@dataclass(frozen=True, eq=False, repr=False)
class Flow(InNotebooks, Pipeline):
    """A checked flow: its parameters are numbers, or promises of numbers (`Learn`,
    `FromContext`).
    """

    train: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters it asks to be trained with, as `flowspec.ir.settings.Settings` has
    them.
    """
    source: Source | None = None
    """The text that it was read from."""

    def learned(self) -> dict[str, Learn]:
        """Every parameter found from data, by path: `steps.1.scale`."""
        return {
            path: value
            for prefix, component in self.components
            for path, _, _, value in values(component, prefix)
            if isinstance(value, Learn)
        }

    def to_json(self) -> dict[str, Any]:
        """The architecture as plain data, with the supports it derives.

        It follows `grammar/flow.schema.json`.
        """
        return pipeline_to_json(self, self.train)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flow) and self.to_json() == other.to_json()

    __hash__ = object.__hash__
