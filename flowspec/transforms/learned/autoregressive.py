"""Masked autoregressive steps.

Source: Masked Autoregressive Flow for Density Estimation, Papamakarios et al., 2017,
    arXiv:1705.07057; zuko.flows.MaskedAutoregressiveTransform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.autoregressive_inverse import SequentialInverse
from flowspec.networks.inputs import feature_counts, features
from flowspec.networks.layers import Layer
from flowspec.networks.masks import Plan, generations
from flowspec.networks.settings import activation_name, hidden_layers
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import setting
from flowspec.parts.trees import with_fields
from flowspec.support.space import Space
from flowspec.transforms.learned.conditioned import (
    Conditioned,
    sees_angles,
    with_given,
)
from flowspec.transforms.transform import Transform, Univariate, over_event


@dataclass(frozen=True, eq=False)
class Autoregressive(Conditioned):
    """x_i = f(y_i; network(y_1 ... y_(i-1))): each coordinate of the data given those
    before it.

    Source: arXiv:1705.07057.

    The density takes one pass of the network. So does sampling, although coordinate by
    coordinate: what earlier coordinates have determined is not computed again. `inverse {
    Autoregressive(...) }` swaps the two, as in an inverse autoregressive flow
    (arXiv:1606.04934).

    `order` gives each coordinate its place; those with the same place do not see each
    other. `adjacency` says for each coordinate (a row) of which coordinates it may depend
    (and behind them, of which context variables), if chains of dependence are not
    circular.
    """

    examples = (
        "Autoregressive(MonotonicAffine, hidden=[16, 16])",
        'Autoregressive(RQS(bins=4), hidden=[8], order=[2, 0, 1], activation="elu")',
        "Autoregressive(Affine, hidden=[12, 12], residual=true, adjacency=[[1, "
        "0, 0], [1, 1, 0], [1, 0, 1]])",
        "Autoregressive(RQS(bins=4), hidden=[])",
    )

    hidden: tuple[int, ...] = hidden_layers()
    activation: str = activation_name()
    residual: bool = setting(False, kind=bool, doc="add each hidden layer to what goes into it?")
    order: tuple[int, ...] = setting(
        (), kind=tuple, low=0, doc="the place of each coordinate; as written, if not given"
    )
    adjacency: tuple[tuple[int, ...], ...] = setting(
        (), kind=list, low=0, high=1, doc="which coordinate depends on which"
    )
    periodic: bool = sees_angles()
    stages: tuple[int, ...] = ()
    """The generation of each coordinate."""

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        yield from super().check_consistency(space)
        size = space.size
        if self.order and len(self.order) != size:
            yield mistakes.WrongCount(
                field="order", found=len(self.order), what="places", size=size
            )
        elif self.adjacency and self.order:
            yield mistakes.OrderAndAdjacency(field="order")
        elif self.adjacency and (len(self.adjacency) != size or len(self.adjacency[0]) < size):
            shape = f"{len(self.adjacency)} x {len(self.adjacency[0])}"
            yield mistakes.WrongAdjacency(field="adjacency", found=shape, size=size)
        elif self.adjacency and generations(self._dependence(size)) is None:
            yield mistakes.CircularAdjacency(field="adjacency")

    def check_context(self, space: Space, context_rates: Sequence[float]) -> Iterable[Diagnostic]:
        size, variables = space.size, len(context_rates)
        width = len(self.adjacency[0]) if self.adjacency else size
        if width not in (size, size + variables):
            wide = f", or {size + variables}, the last ones for the context" if variables else ""
            yield mistakes.AdjacencyTooWide(
                field="adjacency",
                found=f"{size} x {width}",
                size=_counted(size, "coordinate"),
                variables=_counted(variables, "context variable"),
                columns=f"{size} columns{wide}",
            )

    def _dependence(self, size: int) -> np.ndarray:
        """The coordinates (columns) on which each coordinate (a row) depends."""
        if self.adjacency:
            return np.array(self.adjacency, bool)[:, :size] & ~np.eye(size, dtype=bool)
        order = np.array(self.order or range(size))
        return order[:, None] > order

    def is_free(self, size: int) -> Sequence[bool]:
        return [not row.any() for row in self._dependence(size)]

    def _context_dependence(self, size: int, rates: Sequence[float]) -> np.ndarray:
        """The features of the context (columns) on which each coordinate (a row) depends."""
        variables = np.ones((size, len(rates)), bool)
        if self.adjacency and len(self.adjacency[0]) == size + len(rates):
            variables = np.array(self.adjacency, bool)[:, size:]
        return np.repeat(variables, feature_counts(rates), axis=1)

    def generations(self, size: int) -> np.ndarray:
        """The stage of each coordinate, at which those that it depends on are known."""
        if not self.adjacency:
            return np.unique(np.array(self.order or range(size)), return_inverse=True)[1].reshape(
                -1
            )
        stages = generations(self._dependence(size))
        assert stages is not None, "a circular adjacency is refused before"
        return stages

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        step = super().grow(space, context_rates)
        if step is self:
            return self
        return with_fields(
            step, {"stages": tuple(int(stage) for stage in self.generations(space.size))}
        )

    def make_network(
        self, space: Space, rates: Sequence[float], context_rates: Sequence[float], outputs: int
    ) -> tuple[Layer, ...]:
        dependence = self._dependence(space.size)
        context = self._context_dependence(space.size, context_rates)
        if space.size == 1:
            dependence, rates = dependence[:, :0], ()
        counts = feature_counts(rates)
        rows = np.concatenate([np.repeat(dependence, counts, axis=1), context], axis=1)
        if not rows.any():
            return ()
        stages = self.generations(space.size)
        known = np.concatenate(
            [np.repeat(stages[: len(counts)] + 1, counts), np.zeros(context.shape[1], int)]
        )
        masks = _Masks(rows.tobytes(), rows.shape, tuple(known), tuple(stages), outputs)
        return _masked_network(masks, self.hidden, self.activation, self.residual)

    def _explicit(self, ops: Ops, y: Array) -> Univariate:
        """The univariate step for a whole point of the data."""
        if not self.network:
            return self.univariate
        size = y.shape[0] if len(y.shape) > 1 else None
        # A single coordinate has none before it: the network sees the context alone.
        seen = None if size in (1, None) else features(ops, y, self.rates)
        return self.given(ops, self.outputs(ops, seen), size)

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_slope = self._explicit(ops, y).forward_and_log_slope(ops, y)
        return x, -over_event(ops, log_slope, x)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        if self.network and len(x.shape) > 1 and x.shape[0] > 1:
            y, log_det = self._sequential().run(ops, self.univariate, x)
            return y, -log_det
        y, log_slope = self._explicit(ops, x).inverse_and_log_slope(ops, x)
        return y, -over_event(ops, log_slope, x)

    def _sequential(self) -> SequentialInverse:
        return SequentialInverse(self.network, self.stages, self.rates, self.context, with_given)


class _Masks(NamedTuple):
    """The arguments of a `Plan`, as something that can be looked up."""

    rows: bytes
    shape: tuple[int, ...]
    known: tuple[int, ...]
    stages: tuple[int, ...]
    outputs: int


@lru_cache(maxsize=16)
def _masked_network(
    masks: _Masks, hidden: tuple[int, ...], activation: str, residual: bool
) -> tuple[Layer, ...]:
    """The network of a plan; steps that are repeated share it, until they have weights."""
    adjacency = np.frombuffer(masks.rows, bool).reshape(masks.shape)
    known, stages = np.array(masks.known, int), np.array(masks.stages, int)
    return Plan(adjacency, known, stages, masks.outputs).layers(hidden, activation, residual)


def _counted(count: int, what: str) -> str:
    """A count with its noun."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
