"""Continuous flows: the solution of a differential equation whose right side is a
network.

Source: FFJORD, Grathwohl et al., 2018, arXiv:1810.01367; zuko.flows.FFJTransform.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.inputs import feature_count
from flowspec.networks.layers import ContextInput, Dense, mlp
from flowspec.networks.settings import activation_name, hidden_layers, too_large
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import grown, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import WholeContext
from flowspec.support.space import Space
from flowspec.transforms.transform import Transform
from flowspec.transforms.whole_space import WholeSpace

STAGES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0.0, ()),
    (1 / 5, (1 / 5,)),
    (3 / 10, (3 / 40, 9 / 40)),
    (4 / 5, (44 / 45, -56 / 15, 32 / 9)),
    (8 / 9, (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729)),
    (1.0, (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656)),
)
"""Times and coefficients of Dormand and Prince's method of order 5 (1980)."""

WEIGHTS = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)


@dataclass(frozen=True, eq=False)
class Continuous(WholeSpace):
    """y(0) for the solution of dy/dt = network(t, y, context) with y(1) = x, by equal
    steps of order 5.

    log |det|: minus the integral of the trace of the network's derivative, which is
        computed exactly. Time is seen as cos(k pi t) and sin(k pi t), k = 1 ...
        frequencies. The error falls with the fifth power of `steps` for smooth
        activations; with `elu`, whose curvature jumps, it was up to 1e-5 in 32 steps.
    Source: FFJORD, Grathwohl et al., 2018, arXiv:1810.01367; zuko.flows.FFJTransform.
    """

    has_reach = True
    examples = (
        'Continuous(hidden=[8], activation="softplus", steps=64)',
        'Continuous(hidden=[6, 4], activation="tanh", steps=48, frequencies=1)',
    )

    hidden: tuple[int, ...] = hidden_layers()
    activation: str = activation_name("elu")
    frequencies: int = setting(3, low=1, high=64, doc="how many waves of time the network sees")
    steps: int = setting(32, low=1, high=10_000, doc="steps of the solver")
    network: tuple[Dense, ...] = grown()
    context: tuple[ContextInput, ...] = grown()

    @property
    def varies(self) -> bool:
        return True

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        yield from too_large([2 * self.frequencies + space.size, *self.hidden, space.size])

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        if self.network:
            return self
        context_size = feature_count(context_rates)
        network = mlp(
            2 * self.frequencies + space.size + context_size,
            space.size,
            self.hidden,
            self.activation,
        )
        return with_fields(
            self,
            {
                "network": network,
                "context": (ContextInput(WholeContext(context_size)),) if context_size else (),
            },
        )

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, trace = self._solved(ops, y, 0.0, 1.0)
        return x, -trace

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, trace = self._solved(ops, x, 1.0, 0.0)
        return y, trace

    def _solved(self, ops: Ops, x: Array, begin: float, end: float) -> tuple[Array, Array]:
        """The solution at the end, and the integral of the trace."""
        width = (end - begin) / self.steps
        slope = self._slope_and_trace(ops, x.shape[0])

        def advance(step: Array, x: Array, total: Array) -> tuple[Array, Array]:
            start = step * width + begin
            slopes: list[Array] = []
            traces: list[Array] = []
            for time, coefficients in STAGES:
                point = x
                for coefficient, slope_before in zip(coefficients, slopes, strict=True):
                    point = point + (coefficient * width) * slope_before
                rate, trace = slope(start + time * width, point)
                slopes.append(rate)
                traces.append(trace)
            for weight, rate, trace in zip(WEIGHTS, slopes, traces, strict=True):
                if weight:
                    x, total = x + (weight * width) * rate, total + (weight * width) * trace
            return x, total

        y, total = ops.loop(self.steps, advance, x, 0.0 * ops.clip(x[0], -1.0, 1.0))
        return y, total

    def _slope_and_trace(
        self, ops: Ops, size: int
    ) -> Callable[[Array, Array], tuple[Array, Array]]:
        """The right side of the equation, and the trace of its derivative in the point."""
        waves = ops.constant(math.pi * np.arange(1.0, self.frequencies + 1)[:, None])
        contexts = [layer.context for layer in self.context]
        first = 2 * self.frequencies
        matrices = [layer.matrix for layer in self.network]
        entry, exit_ = matrices[0][:, first : first + size], matrices[-1]
        # With one or two hidden layers the trace is linear in the slopes of each: no factor of
        # the dimension.
        between = _product_of_transposes(ops, exit_, entry) if len(matrices) in (2, 3) else None

        def slope(time: Array, point: Array) -> tuple[Array, Array]:
            angle = waves * time
            y = ops.concat([ops.cos(angle), ops.sin(angle), point, *contexts])
            slopes = []
            for layer in self.network[:-1]:
                y = ops.linear(layer.matrix, y, layer.bias)
                slopes.append(ACTIVATIONS[layer.activation].slope(ops, y))
                y = ACTIVATIONS[layer.activation].value(ops, y)
            y = ops.linear(exit_, y, self.network[-1].bias)
            return y, self._trace(ops, slopes, matrices, entry, between)

        return slope

    def _trace(
        self,
        ops: Ops,
        slopes: Sequence[Array],
        matrices: Sequence[Array],
        entry: Array,
        between: tuple[Array, Array | None] | None,
    ) -> Array:
        if len(slopes) == 1 and between and between[1] is not None:
            # sum over k of s_k (exit entry)_kk, exit entry being (hidden, hidden) the other way
            # round.
            return ops.sum(slopes[0] * between[1])
        if len(slopes) == 2 and between:
            return ops.sum(slopes[1] * ops.matmul(matrices[1] * between[0], slopes[0]))
        tangents = entry[:, :, None]
        for matrix, layer_slopes in zip(matrices[1:], slopes, strict=True):
            tangents = ops.combine(matrix, tangents * layer_slopes[:, None])
        size = tangents.shape[0]
        return _total([tangents[i, i] for i in range(size)])


def _product_of_transposes(ops: Ops, exit_: Array, entry: Array) -> tuple[Array, Array | None]:
    """(exit^T entry^T): (last hidden, first hidden); and its diagonal as a column, if it
    has one.
    """
    product = ops.matmul(ops.exchange(exit_), ops.exchange(entry))
    if product.shape[0] != product.shape[1]:
        return product, None
    return product, ops.sum(exit_ * ops.exchange(entry))[:, None]


def _total(terms: Sequence[Array]) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
