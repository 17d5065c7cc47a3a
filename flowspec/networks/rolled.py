"""Masked networks as the body of a loop over their stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import MaskedDense
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array


class Rolled:
    """A masked network as the body of a loop over its stages, one input becoming known at
    each.

    Its weights are fixed.

    Units are laid out in groups of equal size, one for each degree, so that every stage
    does the same with other weights. The value of a unit of a later stage is of no
    account: the weights that read it are 0.

    order     the coordinates in the order in which they become known
    columns   the inputs of the network in the order in which `advance` gets them
    given     inputs that are known from the start, behind the others: the context
    """

    def __init__(
        self,
        ops: Ops,
        layers: Sequence[MaskedDense],
        order: Sequence[int],
        columns: Sequence[int],
        known: Array | None,
    ) -> None:
        self.ops = ops
        outputs = len(layers[-1].degrees) // len(order)
        self.activations = [ACTIVATIONS[layer.activation] for layer in layers]
        self.stages = len(order)
        units = [_groups(layer.degrees, self.stages) for layer in layers[:-1]]
        # The rows of the output layer: parameter by parameter, and in each coordinate by
        # coordinate.
        units.append(np.array([[row * self.stages + i for row in range(outputs)] for i in order]))
        places = [np.array(columns), *(groups.reshape(-1) for groups in units)]
        self.weights = [
            _laid_out(_laid_out(np.asarray(layer.matrix).T, place).T, groups)
            for layer, place, groups in zip(layers, places, units, strict=False)
        ]
        self.biases: list[Array] = [
            _laid_out(np.asarray(dense_layer.bias), groups)
            for dense_layer, groups in zip(layers, units, strict=True)
        ]
        if known is not None:
            context = _laid_out(
                np.asarray(layers[0].matrix)[:, len(columns) :], units[0].reshape(-1)
            )
            shape = units[0].shape
            self.biases[0] = ops.unflatten(
                ops.linear(context, known, np.asarray(self.biases[0]).reshape(-1, 1)), shape
            )

    def start(self, like: Array) -> list[Array]:
        """The hidden units before the first stage: (stages, group, N) for each layer."""
        nothing = 0.0 * self.ops.minimum(self.ops.maximum(like, -1.0), 1.0)
        return [
            self.ops.constant(np.zeros((*bias.shape[:2], 1))) + nothing for bias in self.biases[:-1]
        ]

    def advance(
        self, inputs: Array, hidden: Sequence[Array], step: Array
    ) -> tuple[Array, list[Array]]:
        """The outputs of a stage, and the hidden units with those of the stage filled in."""
        ops, filled = self.ops, []
        is_here = ops.pick(np.eye(self.stages), step)[:, None, None] > 0.5
        for index, activation in enumerate(self.activations):
            weight, bias = ops.pick(self.weights[index], step), ops.pick(self.biases[index], step)
            inputs = activation.value(ops, ops.linear(weight, inputs, bias))
            if index < len(hidden):
                filled.append(ops.where(is_here, inputs[None], hidden[index]))
                inputs = ops.flatten(filled[-1])
        return inputs, filled


def _groups(degrees: Sequence[int], stages: int) -> np.ndarray:
    """The units of each degree, (stages, size), filled up with -1 to one size."""
    groups = [
        [unit for unit, degree in enumerate(degrees) if degree == stage] for stage in range(stages)
    ]
    size = max(map(len, groups))
    return np.array([group + [-1] * (size - len(group)) for group in groups])


def _laid_out(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows at their places; zeros where a place is -1.

    A vector gets an axis for the batch.
    """
    padded = np.concatenate([rows, np.zeros((1, *rows.shape[1:]))])
    return padded[places]
