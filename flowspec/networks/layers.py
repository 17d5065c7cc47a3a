"""Layers of networks: components whose weights are learned, with formulas over `ops`.

Source: torch.nn.Linear (starts), zuko.nn (order of activation and normalization, residual
    blocks).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.networks.activations import ACTIVATIONS
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import component, parameter, parameters
from flowspec.parts.trees import children
from flowspec.parts.values import Learn, Value, WholeContext, varies

VARIANCE_FLOOR = 1e-5
"""Added to the variance by the normalization, as torch.nn.LayerNorm does."""


@dataclass(frozen=True, eq=False)
class Layer(ABC):
    """A function of (inputs, N) that gives (outputs, N)."""

    @abstractmethod
    def run(self, ops: Ops, x: Array) -> Array:
        """All outputs at once."""

    @property
    def varies(self) -> bool:
        """True if it holds weights that are still learned."""
        return any(varies(getattr(self, name)) for name in parameters(self)) or any(
            child.varies for _, child in children(self)
        )


def _weight_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.outputs, layer.inputs)


def _bias_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.outputs,)


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """y = activation(weight x + bias), normalized if asked for."""

    inputs: int = 1
    outputs: int = 1
    activation: str = "identity"
    normalize: bool = False
    weight: Value = parameter(Learn(0.0), shape=_weight_shape, matrix=True)
    bias: Value = parameter(Learn(0.0), shape=_bias_shape)

    def run(self, ops: Ops, x: Array) -> Array:
        y = ACTIVATIONS[self.activation].value(ops, ops.linear(self.matrix, x, self.bias))
        y = normalized(ops, y) if self.normalize else y
        return y if self.activation == "identity" else ops.thinned(y)

    @property
    def matrix(self) -> Array:
        """The weight that acts."""
        return self.weight


@dataclass(frozen=True, eq=False)
class MaskedDense(Dense):
    """A dense layer in which some weights are 0 for good.

    degrees   for each output the stage at which it can be known (see `masked.py`)
    """

    mask: Value = parameter(1.0, shape=_weight_shape, matrix=True, trainable=False)
    degrees: tuple[int, ...] = ()

    @property
    def matrix(self) -> Array:
        return self.weight * self.mask


@dataclass(frozen=True, eq=False)
class Residual(Layer):
    """y = x + layers(x)."""

    layers: tuple[Layer, ...] = component(many=True)

    def run(self, ops: Ops, x: Array) -> Array:
        return x + run(ops, self.layers, x)


@dataclass(frozen=True, eq=False)
class Free(Layer):
    """Free numbers, whatever goes in: what a network without inputs is."""

    outputs: int = 1
    values: Value = parameter(Learn(0.0), shape=_bias_shape)

    def run(self, ops: Ops, x: Array) -> Array:
        return self.values


@dataclass(frozen=True, eq=False)
class ContextInput(Layer):
    """The context variables, as a network takes them."""

    context: Value = parameter(WholeContext(1), matrix=True)

    def run(self, ops: Ops, x: Array) -> Array:
        return ops.concat([x, self.context])


def run(ops: Ops, layers: Sequence[Layer], x: Array) -> Array:
    """One layer after the other."""
    for layer in layers:
        x = layer.run(ops, x)
    return x


def normalized(ops: Ops, x: Array) -> Array:
    """Mean 0 and variance 1 over the features of each row; the variance is the unbiased
    one, as zuko.nn.LayerNorm has it.
    """
    count = x.shape[0]
    centred = x - ops.sum(x) / count
    variance = ops.sum(centred * centred) / max(count - 1, 1)
    return centred / ops.sqrt(variance + VARIANCE_FLOOR)


def dense(inputs: int, outputs: int, **fields: Any) -> Dense:
    """A layer with the starts of torch.nn.Linear: uniform within 1 / sqrt(inputs)."""
    spread = 1 / math.sqrt(max(inputs, 1))
    return Dense(
        inputs,
        outputs,
        weight=random((outputs, inputs), spread),
        bias=random((outputs,), spread),
        **fields,
    )


def random(shape: tuple[int, ...], spread: float) -> Learn:
    """Weights that start from random numbers."""
    return Learn(np.broadcast_to(np.float64(0.0), shape), spread=spread)


def mlp(
    inputs: int, outputs: int, hidden: Sequence[int], activation: str, normalize: bool = False
) -> tuple[Dense, ...]:
    """A multilayer perceptron.   Source: zuko.nn.MLP."""
    sizes = [inputs, *hidden]
    inner = [
        dense(a, b, activation=activation, normalize=normalize)
        for a, b in zip(sizes, hidden, strict=False)
    ]
    return (*inner, dense(sizes[-1], outputs))
