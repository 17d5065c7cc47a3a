"""Masked networks in the order of their stages, for interpreters that keep what they worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import MaskedDense
from flowspec.ops.stages import StagedLayer, StagedNetwork


def staged(
    layers: Sequence[MaskedDense], order: Sequence[int], columns: Sequence[int], context: int
) -> StagedNetwork:
    """The network with everything in the order in which it becomes known.

    order     the coordinates in the order in which they become known
    columns   the inputs of the network, in that order
    context   the number of inputs that are known from the start: the last ones of the network, and
              the first ones here
    """
    stages = len(order)
    first = len(columns)
    inputs = [*range(first, first + context), *columns]
    width = first // stages
    known = tuple(context + width * stage for stage in range(stages))
    made = []
    for layer in layers[:-1]:
        degrees = np.asarray(layer.degrees)
        units = [int(unit) for unit in np.argsort(degrees, kind="stable")]
        ends = tuple(int((degrees <= stage).sum()) for stage in range(stages))
        # Units that are known behind the last stage are of no use.
        units = units[: ends[-1]]
        made.append(_layer(layer, units, inputs, ends))
        inputs = units
    count = len(layers[-1].degrees) // stages
    outputs = [row * stages + i for i in order for row in range(count)]
    ends = tuple(count * (stage + 1) for stage in range(stages))
    made.append(_layer(layers[-1], outputs, inputs, ends))
    return StagedNetwork(tuple(made), known)


def _layer(
    layer: MaskedDense, units: Sequence[int], inputs: Sequence[int], ends: tuple[int, ...]
) -> StagedLayer:
    matrix, bias = np.asarray(layer.matrix), np.asarray(layer.bias)
    activation = layer.activation, ACTIVATIONS[layer.activation].value
    return StagedLayer(matrix[np.ix_(units, inputs)], bias[list(units)], activation, ends)
