"""Masked networks run stage by stage, each stage written out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import Layer, MaskedDense, Residual
from flowspec.ops import Ops
from flowspec.ops.indices import evenly
from flowspec.ops.vocabulary import Array


class Unfolding:
    """A masked network run stage by stage, as its inputs become known.

    order   the inputs in the order in which they become known
    known   the first of them, if some are known from the start: the context
    """

    def __init__(
        self, ops: Ops, layers: Sequence[Layer], order: Sequence[int], known: Array | None = None
    ) -> None:
        self.states = _states(ops, layers, order)
        self.states[0].known = known

    def advance(self, fresh: Array | None, stage: int) -> Array:
        """The outputs of a stage, from the inputs that are new at it (None if there are
        none).
        """
        for state in self.states:
            fresh = state.advance(fresh, stage)
        assert fresh is not None
        return fresh


def _states(ops: Ops, layers: Sequence[Layer], order: Sequence[int] | None = None) -> list[Any]:
    states: list[Any] = []
    for index, layer in enumerate(layers):
        if isinstance(layer, Residual):
            states.append(_ResidualState(_states(ops, layer.layers)))
        else:
            assert isinstance(layer, MaskedDense)
            states.append(_DenseState(ops, layer, order if index == 0 else None))
    return states


class _DenseState:
    """The known inputs of a layer."""

    def __init__(self, ops: Ops, layer: MaskedDense, order: Sequence[int] | None) -> None:
        self.ops = ops
        self.layer = layer
        matrix = layer.matrix
        natural = order is None or list(order) == list(range(layer.inputs))
        self.matrix = matrix if natural else matrix[:, list(order or ())]
        self.known: Array | None = None
        self.rows = _rows(layer.degrees)

    def advance(self, fresh: Array | None, stage: int) -> Array | None:
        if fresh is not None:
            self.known = fresh if self.known is None else self.ops.concat([self.known, fresh])
        rows = self.rows.get(stage)
        if rows is None:
            return None
        bias = self.layer.bias[rows]
        y = bias
        if self.known is not None:
            y = self.ops.linear(self.matrix[rows][:, : self.known.shape[0]], self.known, bias)
        return ACTIVATIONS[self.layer.activation].value(self.ops, y)


class _ResidualState:
    def __init__(self, states: list[Any]) -> None:
        self.states = states

    def advance(self, fresh: Array | None, stage: int) -> Array | None:
        y = fresh
        for state in self.states:
            y = state.advance(y, stage)
        return None if fresh is None or y is None else fresh + y


@lru_cache(maxsize=256)
def _rows(degrees: tuple[int, ...]) -> dict[int, slice | list[int]]:
    """The units of each degree: a slice where they stand at even distances."""
    found: dict[int, list[int]] = {}
    for row, degree in enumerate(degrees):
        found.setdefault(degree, []).append(row)
    return {degree: evenly(rows) or rows for degree, rows in found.items()}
