"""Which steps fit behind a support, for completions: those that fit come first."""

from __future__ import annotations

from functools import cache

from flowspec.ir import registry
from flowspec.language.catalogue import example_flow
from flowspec.support.space import Space
from flowspec.transforms.chain import first_misfit
from flowspec.transforms.transform import Transform, Univariate

MOST_REMEMBERED = 32
_remembered: dict[str, frozenset[str]] = {}


def fitting_steps(space: Space) -> frozenset[str]:
    """The steps that take a support, as far as their usual arguments tell."""
    key = f"{space.scalar} {space}"
    if key not in _remembered:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = frozenset(name for name in _examples() if _fits(name, space))
    return _remembered[key]


def _fits(name: str, space: Space) -> bool:
    transform = _examples()[name]
    if space.scalar and not transform.takes_scalars:
        return False
    # An example that needs another number of coordinates says nothing about the step.
    if list(transform.check_shape(space, "")):
        return not any(support.joint for support in space.supports)
    return first_misfit(transform, space) is None


@cache
def _examples() -> dict[str, Transform]:
    """A transform of each kind."""
    kinds = registry.named_transforms()
    return {
        name: example_flow(kind, kind.examples[0]).steps[-1].transform
        for name, kind in kinds.items()
    }


@cache
def univariates() -> tuple[str, ...]:
    """The steps of one number, which stand in steps with networks."""
    kinds = registry.named_transforms().items()
    return tuple(name for name, kind in kinds if issubclass(kind, Univariate))
