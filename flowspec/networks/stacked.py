"""Stacks of equal networks, one for each coordinate, of a number and a signal that steers
them.

Source: Neural Autoregressive Flows, Huang et al., 2018, arXiv:1804.00779; zuko.nn.MLP
    with `stack`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import Layer, random
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameter, parameters
from flowspec.parts.trees import with_fields
from flowspec.parts.values import Learn, Value


def _weight_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.copies, layer.outputs, layer.inputs)


def _signal_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.copies, layer.outputs, layer.signals)


def _bias_shape(layer: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (layer.copies, layer.outputs)


@dataclass(frozen=True, eq=False)
class StackedDense(Layer):
    """y_s = activation(weight_s x_s + bias_s) for each copy s: (..., copies, inputs, N)
    to (..., copies, outputs, N).
    """

    copies: int = 1
    inputs: int = 1
    outputs: int = 1
    activation: str = "identity"
    weight: Value = parameter(Learn(0.0), shape=_weight_shape, matrix=True)
    bias: Value = parameter(Learn(0.0), shape=_bias_shape)

    def run(self, ops: Ops, x: Array) -> Array:
        return ACTIVATIONS[self.activation].value(ops, self.linear(ops, x))

    def linear(self, ops: Ops, x: Array) -> Array:
        """The values before the activation."""
        return ops.matmul(self.weight, x) + self.bias

    def only(self, chosen: Sequence[int]) -> StackedDense:
        """Some of the copies."""
        rows = {name: getattr(self, name)[list(chosen)] for name in parameters(self)}
        return with_fields(self, {"copies": len(chosen), **rows})

    def at(self, ops: Ops, order: Sequence[int], stage: Operand) -> StackedDense:
        """Copy number `stage` of `order`, in a loop."""
        ordered = {name: ops.take(getattr(self, name), order)[:, None] for name in parameters(self)}
        return with_fields(
            self, {"copies": 1, **{name: ops.pick(value, stage) for name, value in ordered.items()}}
        )


@dataclass(frozen=True, eq=False)
class SteeredDense(StackedDense):
    """The first layer: of one number x, (..., copies, 1, N), and of the signal, (copies,
    signals, N).
    """

    signals: int = 1
    signal_weight: Value = parameter(Learn(0.0), shape=_signal_shape, matrix=True)

    def steered(self, ops: Ops, signal: Array) -> SteeredDense:
        """The layer with the signal put into its bias, so that it is worked out once."""
        return with_fields(self, {"bias": ops.matmul(self.signal_weight, signal) + self.bias})

    def linear(self, ops: Ops, x: Array) -> Array:
        return self.weight * x + self.bias


def stacked(
    copies: int, signals: int, hidden: Sequence[int], activation: str
) -> tuple[StackedDense, ...]:
    """Networks of one number and a signal that give one number, with the starts of
    torch.nn.Linear.
    """
    spread = 1 / math.sqrt(1 + signals)
    widths = [*hidden, 1]
    activations = [activation] * len(hidden) + ["identity"]
    first = SteeredDense(
        copies,
        1,
        widths[0],
        activations[0],
        weight=random((copies, widths[0], 1), spread),
        bias=random((copies, widths[0]), spread),
        signals=signals,
        signal_weight=random((copies, widths[0], signals), spread),
    )
    layers: list[StackedDense] = [first]
    for inputs, outputs, name in zip(hidden, widths[1:], activations[1:], strict=True):
        spread = 1 / math.sqrt(inputs)
        weight, bias = random((copies, outputs, inputs), spread), random((copies, outputs), spread)
        layers.append(StackedDense(copies, inputs, outputs, name, weight=weight, bias=bias))
    return tuple(layers)
