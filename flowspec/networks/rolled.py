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

    Units are laid out in groups of equal size, one for each degree that a layer has, so that
    every stage does the same with other weights. A stage without units of its own works out those
    of the stage before it once more, which gives the same. The value of a unit of a later stage is
    of no account: the weights that read it are 0.

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
        grouped = [_groups(layer.degrees) for layer in layers[:-1]]
        units = [groups for groups, _ in grouped]
        self.turns = [_turns(degrees, self.stages) for _, degrees in grouped]
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
        """The hidden units before the first stage: (groups, size, N) for each layer."""
        nothing = 0.0 * self.ops.minimum(self.ops.maximum(like, -1.0), 1.0)
        return [
            self.ops.constant(np.zeros((*bias.shape[:2], 1))) + nothing for bias in self.biases[:-1]
        ]

    def advance(
        self, inputs: Array, hidden: Sequence[Array], step: Array
    ) -> tuple[Array, list[Array]]:
        """The outputs of a stage, and the hidden units with those of the stage filled in."""
        ops, filled = self.ops, []
        for index, activation in enumerate(self.activations):
            is_output = index == len(hidden)
            turns = None if is_output else self.turns[index]
            group = step if turns is None else ops.pick(turns, step)
            weight, bias = ops.pick(self.weights[index], group), ops.pick(self.biases[index], group)
            inputs = activation.value(ops, ops.linear(weight, inputs, bias))
            if not is_output:
                is_here = is_place(ops, self.biases[index].shape[0], group, axes=2)
                filled.append(ops.where(is_here, inputs[None], hidden[index]))
                inputs = ops.flatten(filled[-1])
        return inputs, filled


def is_place(ops: Ops, size: int, place: Array, axes: int = 1) -> Array:
    """Where rows of a number `size` are at a place, a whole float: (size, 1, ...)."""
    numbers = np.arange(float(size)).reshape(size, *[1] * axes)
    return ops.abs(ops.constant(numbers) - place) < 0.5


def _groups(degrees: Sequence[int]) -> tuple[np.ndarray, list[int]]:
    """The units of each degree, (degrees, size), filled up with -1 to one size, and the degrees."""
    of_each: dict[int, list[int]] = {}
    for unit, degree in enumerate(degrees):
        of_each.setdefault(degree, []).append(unit)
    size = max(map(len, of_each.values()))
    groups = [of_each[degree] + [-1] * (size - len(of_each[degree])) for degree in sorted(of_each)]
    return np.array(groups), sorted(of_each)


def _turns(degrees: Sequence[int], stages: int) -> np.ndarray | None:
    """The group that is worked out at each stage; None where it is that of its number."""
    groups = np.maximum(np.searchsorted(degrees, np.arange(stages), side="right") - 1, 0)
    return None if list(groups) == list(range(stages)) else groups.astype(float)


def _laid_out(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows at their places; zeros where a place is -1.

    A vector gets an axis for the batch.
    """
    padded = np.concatenate([rows, np.zeros((1, *rows.shape[1:]))])
    return padded[places]
