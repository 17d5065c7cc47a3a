"""Block neural autoregressive steps: one network of all coordinates, increasing in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.blocks import BlockDense, blocks
from flowspec.networks.inputs import feature_count, tamed
from flowspec.networks.layers import ContextInput, Dense, dense, run
from flowspec.networks.rolled import is_place
from flowspec.networks.settings import too_large
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import grown, parameter, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import Learn, Value, WholeContext
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.transforms.splines.searched import MARGIN, continued, invert, spread
from flowspec.transforms.transform import Transform
from flowspec.transforms.whole_space import WholeSpace

LIMIT = 100.0
"""The value from which on the function of each coordinate is linear."""

LARGEST_GATE = 0.99
"""So much of the identity is left that every number is reached, and no slope is 0."""


@dataclass(frozen=True, eq=False)
class BlockAutoregressive(WholeSpace):
    """x_i = gate f_i(y_i; y_1 ... y_(i-1)) + (1 - gate) y_i, f a network that increases
    with y_i; linear beyond |y_i| = 100.

    All f are one network with the activation tanh, whose weights within a coordinate are
    positive. The density takes one pass of it; sampling searches for one coordinate after
    the other.
    Slope: gate df_i/dy_i + 1 - gate.
    Source: Block Neural Autoregressive Flow, De Cao et al., 2019, arXiv:1904.04676.
    """

    has_reach = True
    examples = ("BlockAutoregressive(hidden=[4])", "BlockAutoregressive(hidden=[3, 2])")

    hidden: tuple[int, ...] = setting(
        (8, 8), kind=tuple, low=1, high=1024, doc="units of each hidden layer for one coordinate"
    )
    gate: Value = parameter(
        Learn(0.5),
        within=Interval(0.0, LARGEST_GATE),
        doc="share of the network; the rest is the identity",
    )
    network: tuple[BlockDense, ...] = grown()
    context: tuple[ContextInput, ...] = grown()
    conditioner: tuple[Dense, ...] = grown()

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        yield from too_large([space.size * width for width in (1, *self.hidden, 1)])

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        if self.network:
            return self
        step = with_fields(self, {"network": blocks(space.size, self.hidden)})
        context_size = feature_count(context_rates)
        if not context_size:
            return step
        width = space.size * (*self.hidden, 1)[0]
        return with_fields(
            step,
            {
                "context": (ContextInput(WholeContext(context_size)),),
                "conditioner": (dense(context_size, width),),
            },
        )

    @property
    def varies(self) -> bool:
        return True

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        matrices, diagonals, biases = self._weights(ops)
        layers = [_affine(ops, matrix, bias) for matrix, bias in zip(matrices, biases, strict=True)]

        def function(x: Array) -> tuple[Array, Array]:
            y, log_slope, _ = _run(ops, x, layers, diagonals, self.gate)
            return y, log_slope

        x, log_slope = continued(ops, function, LIMIT)(y)
        return x, -ops.sum(log_slope)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        size = x.shape[0]
        matrices, diagonals, offsets = self._weights(ops)
        # For each coordinate what belongs to its units.
        rows, biases = (
            [
                ops.unflatten(array, (size, layer.outputs))
                for layer, array in zip(self.network, values, strict=True)
            ]
            for values in (matrices, offsets)
        )
        nothing = 0.0 * ops.clip(x, -1.0, 1.0)
        gates = spread(ops, self.gate, (size,), nothing[0])

        def stage(step: Any, total: Array, y: Array, *known: Array) -> list[Array]:
            """Add one coordinate.

            `known` holds the inputs of each layer, (D, units, N), 0 if unknown.
            """
            blocks_here = [ops.pick(units_of_layer, step)[None] for units_of_layer in diagonals]
            layers = []
            for row, bias, units_of_layer, diagonal in zip(
                rows, biases, known, blocks_here, strict=True
            ):
                offset = ops.linear(
                    ops.pick(row, step), ops.flatten(units_of_layer), ops.pick(bias, step)
                )
                layers.append(_affine(ops, diagonal[0], offset))

            def network(value: Array) -> tuple[Array, Array, list[Array]]:
                return _run(ops, value, layers, blocks_here, ops.pick(gates, step)[None])

            function = continued(ops, lambda value: network(value)[:2], LIMIT)
            solution = invert(ops, function, ops.pick(x, step)[None], MARGIN * LIMIT)
            units = network(ops.clip(solution, -LIMIT, LIMIT))[2]
            is_here = is_place(ops, size, step)
            filled = [
                ops.where(is_here[:, None], units_of_layer[None], before)
                for units_of_layer, before in zip(units, known, strict=True)
            ]
            return [total + function(solution)[1][0], ops.where(is_here, solution, y), *filled]

        known = [
            ops.constant(np.zeros((size, layer.inputs, 1))) + nothing[:, None]
            for layer in self.network
        ]
        total, y, *_ = ops.loop(size, stage, nothing[0], nothing, *known)
        return y, -total

    def _weights(self, ops: Ops) -> tuple[list[Array], list[Array], list[Array]]:
        """Matrix, diagonal blocks and bias of each layer; the first bias holds the
        context's share.
        """
        matrices = [layer.matrix(ops) for layer in self.network]
        diagonals = [
            layer.diagonal(ops, matrix)
            for layer, matrix in zip(self.network, matrices, strict=True)
        ]
        biases = [layer.bias for layer in self.network]
        if self.context:
            biases[0] = biases[0] + run(ops, self.conditioner, tamed(ops, self.context[0].context))
        return matrices, diagonals, biases


def _affine(ops: Ops, matrix: Array, bias: Array) -> Callable[[Array], Array]:
    return lambda x: ops.linear(matrix, x, bias)


def _run(
    ops: Ops,
    x: Array,
    layers: Sequence[Callable[[Array], Array]],
    diagonals: Sequence[Array],
    gate: Array,
) -> tuple[Array, Array, list[Array]]:
    """The function of some coordinates (B, N): its value, its log-slope, and the inputs
    of each layer.

    layers      the affine maps between activations
    diagonals   their derivatives in the coordinate they belong to, (B, outputs, inputs)
    gate        share of the network
    """
    seen = [x]
    values, slope = layers[0](x), diagonals[0]
    for layer, diagonal in zip(layers[1:], diagonals[1:], strict=True):
        units = ops.tanh(values)
        seen.append(units)
        values = layer(units)
        slope = ops.matmul(
            diagonal,
            slope * ops.unflatten(1.0 - units * units, (diagonal.shape[0], diagonal.shape[2])),
        )
    rest = 1.0 - gate
    return gate * values + rest * x, ops.log(gate * slope[:, 0] + rest), seen
