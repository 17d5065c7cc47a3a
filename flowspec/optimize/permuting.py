"""Permutations: merged, moved towards the data, and absorbed by the weights that they
pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowspec.networks.inputs import feature_columns
from flowspec.networks.layers import Layer
from flowspec.parts.fields import ParameterSpec
from flowspec.parts.trees import substitute, values, with_fields
from flowspec.parts.values import FromContext, Value
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.learned.autoregressive import Autoregressive
from flowspec.transforms.linear.permute import Permute, Reordering
from flowspec.transforms.transform import Transform, Univariate, bound_to_reference


def merge_permutations(first: Transform, second: Transform, size: int) -> Sequence[Permute] | None:
    """Two permutations as one; none, if they undo each other."""
    orders = _order(first, size), _order(second, size)
    if orders[0] is None or orders[1] is None:
        return None
    order = tuple(orders[0][i] for i in orders[1])
    return () if order == tuple(range(size)) else (Permute(order),)


def absorb_permutation_in_densities(
    first: Transform, second: Transform, size: int
) -> Sequence[Transform] | None:
    """A permutation moved towards the data, past a step that takes its coordinates in
    another order.
    """
    return _absorbed(first, second, size, sampling=False)


def absorb_permutation_in_samples(
    first: Transform, second: Transform, size: int
) -> Sequence[Transform] | None:
    """The same for a flow that is run from base to data."""
    return _absorbed(first, second, size, sampling=True)


def _absorbed(
    first: Transform, second: Transform, size: int, sampling: bool
) -> Sequence[Transform] | None:
    order = _order(first, size)
    if order is None:
        return None
    back = [int(i) for i in np.argsort(order)]
    moved = _reordered(second, back, sampling)
    return None if moved is None else (moved, Permute(order))


def _order(step: Transform, size: int) -> tuple[int, ...] | None:
    if isinstance(step, Reordering):
        return tuple(step.order_of(size))
    inner = _order(step.transform, size) if isinstance(step, Inverse) else None
    return None if inner is None else tuple(int(i) for i in np.argsort(inner))


def _reordered(step: Transform, order: Sequence[int], sampling: bool) -> Transform | None:
    """The step whose coordinate i does what the coordinate order[i] did.

    None if there is none, or none that is as short."""
    if isinstance(step, Inverse):
        inner = _reordered(step.transform, order, not sampling)
        return None if inner is None else Inverse(inner)
    if any(isinstance(v, FromContext) and v.size is not None for *_, v in values(step, "")):
        return None
    if isinstance(step, Univariate):
        return reordered_univariate(step, order)
    # An inverse that goes coordinate by coordinate would have to sort them itself.
    if isinstance(step, Autoregressive) and not sampling:
        univariate = reordered_univariate(step.univariate, order)
        return with_fields(_reordered_network(step, order), {"univariate": univariate})
    return None


def reordered_univariate(step: Univariate, order: Sequence[int]) -> Univariate:
    """A step of each coordinate, with the parameters in another order."""
    bound = bound_to_reference(step)
    chosen = bound.only(order, len(order))
    if chosen is bound:
        return step

    def unbound(path: str, value: Value, spec: ParameterSpec) -> Value:
        batched = isinstance(value, np.ndarray) and value.ndim and spec.batched
        return value[..., 0] if batched else value

    reordered: Univariate = substitute(chosen, "", unbound)
    return reordered


def _reordered_network(step: Autoregressive, order: Sequence[int]) -> Autoregressive:
    """The step whose coordinate i has the dependences and outputs that order[i] had.

    Its weights are fixed; the univariate inside stays as it is.
    """
    size = len(order)
    changed: dict[str, Any] = {"order": (), "adjacency": ()}
    if step.adjacency:
        rows = [(*order, *range(size, len(row))) for row in step.adjacency]
        adjacency = [
            tuple(row[i] for i in places) for row, places in zip(step.adjacency, rows, strict=True)
        ]
        changed["adjacency"] = tuple(adjacency[i] for i in order)
    else:
        changed["order"] = tuple((step.order or range(size))[i] for i in order)
    if step.network:
        changed["network"] = _reordered_layers(step, order)
        changed["stages"] = tuple(step.stages[i] for i in order)
        changed["rates"] = tuple(step.rates[i] for i in order)
    return with_fields(step, changed)


def _reordered_layers(step: Autoregressive, order: Sequence[int]) -> tuple[Layer, ...]:
    """The masked network with its inputs and outputs in another order."""
    layers: list[Any] = list(step.network)
    columns = feature_columns(step.rates)
    inputs = [column for i in order for column in columns[i]]
    inputs += range(len(inputs), layers[0].inputs)
    count = len(layers[-1].degrees)
    outputs = [start + i for start in range(0, count, len(order)) for i in order]
    first = {name: getattr(layers[0], name)[:, inputs] for name in ("weight", "mask")}
    layers[0] = with_fields(layers[0], first)
    last = {name: getattr(layers[-1], name)[outputs] for name in ("weight", "mask", "bias")}
    degrees = tuple(layers[-1].degrees[row] for row in outputs)
    layers[-1] = with_fields(layers[-1], {**last, "degrees": degrees})
    return tuple(layers)
