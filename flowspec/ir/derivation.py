"""Supports along a pipeline, derived from the base to the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from flowspec.bases.base import Base
from flowspec.ir.pipeline import Step
from flowspec.support.space import Space
from flowspec.support.support import Support
from flowspec.transforms.transform import Transform


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


def chain(base: Base, transforms: Iterable[Transform]) -> tuple[Step, ...]:
    """The steps behind a base.

    Nothing is checked: every support must lie in the domain behind it.
    """
    steps: list[Step] = []
    space = base.space
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
