"""The standard steps between two intervals, for `Onto` and as advice."""

from __future__ import annotations

import math

from flowspec.parts.writing import component
from flowspec.support.support import REAL, Interval, Support
from flowspec.transforms.elementwise.affine import Affine
from flowspec.transforms.elementwise.exp import Exp, Log
from flowspec.transforms.elementwise.sigmoid import Logit, Sigmoid
from flowspec.transforms.elementwise.standard import affine, from_normal, from_real
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.transform import Transform


def between(source: Support, target: Support) -> tuple[Transform, ...] | None:
    """Steps from the inside of one interval onto that of another; None without a standard
    way.
    """
    if source.same(target, ignore_ends=True):
        return ()
    if source.period and not target.period:
        source = source.interval or source
    if not isinstance(source, Interval) or not isinstance(target, Interval):
        return None
    if source.is_bounded and target.is_bounded:
        scale = (target.high - target.low) / (source.high - source.low)
        return affine(target.low - source.low * scale, scale)
    if source.is_bounded == target.is_bounded and REAL not in (source.opened(), target.opened()):
        return _between_half_lines(source, target)
    return (*inverted(from_real(source)), *from_real(target))


def keeping_ends(source: Support, target: Support) -> tuple[Transform, ...] | None:
    """The same, so that the density may have any height at an edge, and a tail that is a power.

    From a source with ends, the standard way: its own density is what is at the ends.
    """
    if source == REAL and isinstance(target, Interval):
        return from_normal(target)
    return between(source, target)


def _between_half_lines(source: Interval, target: Interval) -> tuple[Transform, ...]:
    """One shift, and a change of sign if they open to different sides."""
    upward, onto_upward = math.isfinite(source.low), math.isfinite(target.low)
    end, onto_end = (
        (source.low if upward else source.high),
        (target.low if onto_upward else target.high),
    )
    return affine(onto_end - end, 1.0) if upward == onto_upward else affine(onto_end + end, -1.0)


def inverted(steps: tuple[Transform, ...]) -> tuple[Transform, ...]:
    """The steps that undo these, in the order in which they do."""
    return tuple(_inverse(step) for step in reversed(steps))


def _inverse(step: Transform) -> Transform:
    if isinstance(step, Affine):
        return Affine(-step.shift / step.scale, 1 / step.scale)
    if isinstance(step, Inverse):
        return step.transform
    return Inverse(step)


def advice(gives: Support, takes: Support) -> str:
    """Advice that makes the one fit into the other; "" without a standard way."""
    if takes.advice:
        return takes.advice
    written = steps(gives, takes)
    if gives.joint:
        undone = f"untie them with `{written}`"
        return f"put it before the step that ties the coordinates together, or {undone}"
    if not written:
        return ""
    interval = takes.interval
    ends = interval.brackets if interval else str(takes)
    return f"put a step that ends in {ends} before it, such as `{written}`"


def steps(gives: Support, takes: Support) -> str:
    """The steps that make the one fit into the other, as they are written; "" if there are none."""
    if takes.advice:
        return takes.maker if takes.joint else ""
    if gives.joint:
        return f"inverse {{ {gives.maker} }}"
    standard = between(gives, takes) or ()
    return " |> ".join(component(_named(step), defaults=True) for step in standard)


NAMED_INVERSES: dict[type, type[Transform]] = {Sigmoid: Logit, Exp: Log}
"""Transforms whose inverse has a name of its own."""


def _named(step: Transform) -> Transform:
    """The step, by its own name if it is the inverse of another that has one."""
    kind = NAMED_INVERSES.get(type(step.transform)) if isinstance(step, Inverse) else None
    return kind() if kind else step
