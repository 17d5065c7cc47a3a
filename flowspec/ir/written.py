"""Transforms as a text writes them, before a flow is assembled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.kinds import Kind
from flowspec.support.space import Space
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class Deferred:
    """Transforms that depend on the support behind which they stand: `Onto(event)`."""

    expand: Callable[[Space], list[Transform] | Diagnostic]
    title: ClassVar[str] = "Onto"
    gains: ClassVar[int] = 0
    """What it adds to a simplex is known when it is expanded."""


Written = Transform | Deferred | None
"""A transform as a text writes it; None where it is written wrongly."""

WRITTEN = Kind(
    "a list of transforms",
    lambda steps: (
        isinstance(steps, list)
        and all(step is None or isinstance(step, Transform | Deferred) for step in steps)
    ),
)
