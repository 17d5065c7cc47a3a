"""A pipeline at a glance, for prompts: a line for the base and each step, as far as there is
room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowspec.diagnostics.prompt import LINES, shortened
from flowspec.parts.fields import specs
from flowspec.parts.trees import values
from flowspec.parts.values import Learn, Value
from flowspec.parts.writing import component, summaries

LARGEST = 64
"""Numbers of a parameter that are written out."""


def pipeline_lines(base: Any, transforms: Sequence[Any]) -> list[str]:
    """The base, and each step behind `|>`; of many the first and the last ones."""
    first = _called(base)
    hidden = len(transforms) + 1 - LINES
    if hidden <= 1:
        return [first, *(f"|> {_called(each)}" for each in transforms)]
    half = LINES // 2
    before, after = transforms[: half - 1], transforms[half + hidden :]
    rest = f"|> ... {hidden + 1} more steps ..."
    return [
        first,
        *(f"|> {_called(each)}" for each in before),
        rest,
        *(f"|> {_called(each)}" for each in after),
    ]


def glance(head: str, base: Any, transforms: Sequence[Any]) -> str:
    """A headline and the pipeline below it."""
    return "\n".join([head, *(shortened(f"  {line}") for line in pipeline_lines(base, transforms))])


def _called(made: Any) -> str:
    """A component as the language writes it, or in short where that would be long."""
    # The weights of a network are no fields of it: nobody has written them.
    own = (value for path, _, _, value in values(made, "") if path.split(".")[0] in specs(made))
    if not any(map(_is_long, own)):
        return component(made)
    return f"{made.title}({summaries(made)})".removesuffix("()")


def _is_long(value: Value) -> bool:
    """True for a parameter of many numbers; where all of them start alike, one stands for them."""
    if isinstance(value, Learn):
        return np.size(value.init) > LARGEST and np.ptp(value.init) > 0
    return isinstance(value, np.ndarray) and value.size > LARGEST
