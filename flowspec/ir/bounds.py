"""Bounds of a trained parameter, with which what comes out fits into the next step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from flowspec.bases.base import Base
from flowspec.diagnostics.repairs import Edit, value_of
from flowspec.diagnostics.source import Span
from flowspec.parts.fields import ParameterSpec
from flowspec.parts.origin import origin_of
from flowspec.parts.trees import substitute
from flowspec.parts.values import Learn, Value
from flowspec.support.support import Support, number
from flowspec.transforms.chain import Step, first_misfit, follow
from flowspec.transforms.transform import Transform


def bounds(
    path: str, owner: Any, name: str, takes: Support,
    transform: Transform, base: Base, steps: Sequence[Step],
) -> tuple[Edit, ...]:  # fmt: skip
    """The edit that bounds a parameter so that a transform takes what comes; none if none would.

    path, owner, name   the parameter, which is written `learn(number)`
    takes               what the transform takes
    """
    origin = origin_of(owner)
    span = None if origin.behind else origin.fields.get(name)
    start = start_of(span.text) if span else None
    if span is None or start is None:
        return ()
    for low, high in _candidates(start, takes):
        if _fits(Learn(start, low, high), path, transform, base, steps):
            return bounded(span, f"low={number(low)}, high={number(high)}")
    return ()


_LEARN = re.compile(r"learn\((?P<start>-?[\d.]+)\)")


def start_of(text: str) -> float | None:
    """The number at which a parameter without bounds starts; None if it is written otherwise."""
    written = _LEARN.search(text)
    return float(written["start"]) if written and text.endswith(written[0]) else None


def bounded(span: Span, bounds: str) -> tuple[Edit, ...]:
    """The edit that gives `learn(number)` its bounds."""
    value = value_of(span)
    return (Edit(value, f"{value.text[:-1]}, {bounds})"),)


def _candidates(start: float, takes: Support) -> Iterator[tuple[float, float]]:
    """Bounds around a start, on its side of 0: ends of what is taken, half and twice the start."""
    interval = takes.interval
    ends = (interval.low, interval.high) if interval else ()
    near = [end for end in (*ends, start / 2, 2 * start) if math.isfinite(end) and end * start >= 0]
    lows, highs = [end for end in near if end < start], [end for end in near if end > start]
    yield from ((low, high) for low in lows for high in highs)


def _fits(
    bounded: Learn, path: str, transform: Transform, base: Base, steps: Sequence[Step]
) -> bool:
    def bind(place: str, value: Value, spec: ParameterSpec) -> Value:
        return bounded if place == path else value

    space = substitute(base, "base", bind).space
    for index, step in enumerate(steps):
        changed = substitute(step.transform, f"steps.{index}", bind)
        if first_misfit(changed, space):
            return False
        space = follow(changed, space).output
    return first_misfit(transform, space) is None
