"""Chains of transforms: the supports between them, derived from the base to the data, and the
way of points through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from flowspec.diagnostics.source import Span
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.support.membership import (
    either,
    keep_finite,
    keep_inside,
    move_to_safety,
    outside_of,
    uncircled,
)
from flowspec.support.space import Space
from flowspec.support.support import Support
from flowspec.transforms.transform import Transform


@dataclass(frozen=True)
class Step:
    """A transform at its place: the supports before and behind it, and where it stands in
    the text.
    """

    transform: Transform
    input: Space
    output: Space
    retests: bool = False
    """True if `output` is larger than the image, so that a point pulled back is tested
    again.
    """
    span: Span | None = field(default=None, compare=False)
    places: tuple[int, ...] = field(default=(), compare=False)
    """Its places in the flow as written, where optimization has changed that; several if
    it was merged.
    """

    @property
    def path(self) -> str:
        """Its path in the flow as written: `steps.1`; `steps.0+1` if it was merged."""
        return "steps." + "+".join(map(str, self.places))

    @property
    def scope(self) -> str:
        """The name of its nodes in a graph: `steps.1.tanh`."""
        return f"{self.path}.{type(self.transform).__name__.lower()}"


class Misfit(NamedTuple):
    """A coordinate (or a group of tied ones) whose support does not fit into a domain."""

    coordinate: int
    takes: Support
    gives: Support


def follow(transform: Transform, space: Space) -> Step:
    """The transform behind `space`, which lies in its domain but for single end points."""
    entering = space.narrowed(transform.domain_for(space))
    image = transform.image(entering)
    return Step(transform, entering, image.space, retests=not image.exact)


def chained(space: Space, transforms: Iterable[Transform]) -> tuple[Step, ...]:
    """The steps behind a base of that support.

    Nothing is checked: every support must lie in the domain behind it.
    """
    steps: list[Step] = []
    for transform in transforms:
        step = follow(transform, space)
        if steps:
            steps[-1] = replace(steps[-1], output=step.input)
        steps.append(step)
        space = step.output
    return tuple(steps)


def first_misfit(transform: Transform, space: Space) -> Misfit | None:
    """The first coordinate of `space` that the domain of a transform does not hold; None
    if all fit.
    """
    pairs = zip(transform.domain_for(space).supports, space.supports, strict=False)
    fitting: tuple[Support, Support] | None = None
    for index, (takes, gives) in enumerate(pairs):
        as_before = fitting is not None and takes is fitting[0] and gives is fitting[1]
        if takes is gives or as_before:
            continue
        if not takes.contains(gives.narrowed(takes)):
            return Misfit(index, takes, gives)
        fitting = takes, gives
    return None


# --- points -----------------------------------------------------------------------------------


def forward(ops: Ops, steps: Sequence[Step], x: Array) -> tuple[Array, Operand]:
    """The steps from base to data: y and log |det dy/dx| (N,), or a number where it is
    the same for every row.
    """
    total: Operand = 0.0
    for step in steps:
        with ops.scope(step.scope):
            x, log_det = step.transform.forward_and_log_det(ops, x)
            keep = keep_finite if step is steps[-1] else keep_inside
            x, total = keep(ops, step.output, x), total + log_det
    return x, total


def inverse(ops: Ops, steps: Sequence[Step], y: Array) -> tuple[Array, Operand, Array | None]:
    """The steps from data to base: x, log |det dy/dx|, and the rows found to lie outside,
    if tested.

    The image of a step with varying parameters is known only as a hull, so what is pulled
    back through it is tested again.
    """
    total: Operand = 0.0
    outside = None
    for step in reversed(steps):
        with ops.scope(step.scope):
            y = ops.within_reach(y) if step.transform.has_reach else y
            y, log_det = step.transform.inverse_and_log_det(ops, y)
            total = total + log_det
            if step.retests:
                left = outside_of(ops, uncircled(step.input), y)
                outside, y = either(outside, left), move_to_safety(ops, step.input, y, left)
            y = keep_inside(ops, step.input, y)
    if any(step.transform.has_reach for step in steps):
        y = ops.within_reach(y)
    return y, total, outside
