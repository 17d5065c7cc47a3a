"""Networks in blocks: each coordinate has units of its own, which increase with it and
see all coordinates before it.

Source: Block Neural Autoregressive Flow, De Cao et al., 2019, arXiv:1904.04676.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flowspec.networks.layers import Layer, random
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Learn, Value


def _weight_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.blocks * layer.outputs, layer.blocks * layer.inputs)


def _row_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.blocks * layer.outputs,)


@dataclass(frozen=True, eq=False)
class BlockDense(Layer):
    """y = matrix x + bias, (blocks inputs, N) to (blocks outputs, N): positive in the
    blocks of the diagonal, 0 above them.

    A row of the matrix has the length exp(log_gain). Its direction is the weight's, with
    exp of what is in the diagonal's block.
    """

    blocks: int = 1
    inputs: int = 1
    outputs: int = 1
    weight: Value = parameter(Learn(0.0), shape=_weight_shape, matrix=True)
    log_gain: Value = parameter(Learn(0.0), shape=_row_shape, matrix=True)
    bias: Value = parameter(Learn(0.0), shape=_row_shape)

    def run(self, ops: Ops, x: Array) -> Array:
        return ops.linear(self.matrix(ops), x, self.bias)

    def matrix(self, ops: Ops) -> Array:
        """The weight that acts."""
        block = np.ones((self.outputs, self.inputs))
        diagonal = np.kron(np.eye(self.blocks), block)
        below = ops.constant(np.kron(np.tri(self.blocks, k=-1), block))
        # Behind the blocks exp is not read: its argument is 0 there, so that it cannot be infinite.
        direction = self.weight * below + ops.exp(
            self.weight * ops.constant(diagonal)
        ) * ops.constant(diagonal)
        length = ops.sqrt(ops.sum(ops.exchange(direction * direction)))
        return direction * (ops.exp(self.log_gain) / length)[:, None]

    def diagonal(self, ops: Ops, matrix: Array) -> Array:
        """The blocks of the diagonal, (blocks, outputs, inputs)."""
        corners = [(i * self.outputs, i * self.inputs) for i in range(self.blocks)]
        return ops.stack(
            [
                matrix[row : row + self.outputs, column : column + self.inputs]
                for row, column in corners
            ]
        )


def blocks(count: int, hidden: Sequence[int]) -> tuple[BlockDense, ...]:
    """A network with one input, one output and `hidden` units in each layer for each of
    `count` coordinates.
    """
    widths = [1, *hidden, 1]
    made = []
    for inputs, outputs in pairwise(widths):
        rows = count * outputs
        weight = random((rows, count * inputs), 1.0)
        made.append(
            BlockDense(count, inputs, outputs, weight, random((rows,), 0.5), random((rows,), 1.0))
        )
    return tuple(made)
