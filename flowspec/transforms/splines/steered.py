"""Increasing functions: a network for each coordinate, steered by a signal.

Source: Neural Autoregressive Flows, Huang et al., 2018, arXiv:1804.00779; Unconstrained
    Monotonic Neural Networks, Wehenkel and Louppe, 2019, arXiv:1908.05164.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

import numpy as np

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import run
from flowspec.networks.settings import activation_name, hidden_layers
from flowspec.networks.stacked import SteeredDense, stacked
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import grown, parameter, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import Learn, Value
from flowspec.support.space import Space
from flowspec.transforms.splines.searched import Function, Searched, spread
from flowspec.transforms.transform import Transform


def _signals(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.signals, *event)


@dataclass(frozen=True, eq=False)
class Steered(Searched):
    """A function of x and of a signal, which the network of a conditioned step gives for
    each row.
    """

    signals: int = setting(16, low=1, high=1024, doc="how many numbers steer the network")
    hidden: tuple[int, ...] = hidden_layers()
    signal: Value = parameter(
        Learn(0.0), shape=_signals, by_row=False, doc="the numbers that steer the network"
    )
    network: tuple[SteeredDense, ...] = grown()

    activation = "elu"

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        if self.network:
            return self
        return with_fields(
            self, {"network": stacked(space.size, self.signals, self.hidden, self.activation)}
        )

    def only(self, chosen: Sequence[int], size: int) -> Self:
        step = super().only(chosen, size)
        return with_fields(step, {"network": tuple(layer.only(chosen) for layer in self.network)})

    def alike(self, size: int) -> bool:
        return super().only([0], size) is self

    def at(self, ops: Ops, order: Sequence[int], stage: Operand) -> Self:
        return with_fields(
            self, {"network": tuple(layer.at(ops, order, stage) for layer in self.network)}
        )

    def steered(self, ops: Ops, like: Array) -> tuple[SteeredDense, ...]:
        """The layers, with the signal put into the first one."""
        signal = spread(ops, self.signal, (self.signals,), like)
        signals = ops.exchange(signal[:, None] if len(like.shape) == 1 else signal)
        return (self.network[0].steered(ops, signals), *self.network[1:])


@dataclass(frozen=True, eq=False)
class MonotoneNetwork(Steered):
    """y = network(x, signal), whose weights count by their size; linear beyond |x| = 100.

    The first half of each hidden layer has the activation ELU(z), the other one -ELU(-z),
    so that y goes from minus to plus infinity.
    Slope: the product of the layers' slopes.
    Source: Neural Autoregressive Flows, Huang et al., 2018, arXiv:1804.00779;
        zuko.flows.MNN.
    """

    examples = (
        "MonotoneNetwork(signals=4, hidden=[8, 6])",
        "MonotoneNetwork(signals=2, hidden=[5], signal=[0.5, -1])",
    )

    @property
    def limit(self) -> float:
        return 100.0

    def prepared(self, ops: Ops, like: Array) -> Function:
        layers = [
            with_fields(layer, {"weight": ops.abs(layer.weight)})
            for layer in self._positive(ops, like)
        ]

        def function(x: Array) -> tuple[Array, Array]:
            y, slope = _column(x), cast(Any, None)
            for layer in layers:
                y = layer.linear(ops, y)
                slope = layer.weight if slope is None else ops.matmul(layer.weight, slope)
                if layer is not layers[-1]:
                    sign = _halves(ops, layer.outputs)
                    elu = ACTIVATIONS["elu"]
                    slope = elu.slope(ops, sign * y) * slope
                    y = sign * elu.value(ops, sign * y)
            value, log_slope = y[:, 0], ops.log(slope[:, 0])
            return (value[0], log_slope[0]) if len(x.shape) == 1 else (value, log_slope)

        return function

    def _positive(self, ops: Ops, like: Array) -> tuple[SteeredDense, ...]:
        first, *others = self.network
        positive = with_fields(first, {"signal_weight": ops.abs(first.signal_weight)})
        return with_fields(self, {"network": (positive, *others)}).steered(ops, like)


@dataclass(frozen=True, eq=False)
class IntegratedNetwork(Steered):
    """y = shift + integral of g from 0 to x, g = exp(d / (1 + |d| / 7)), d = network(x,
    signal); linear beyond |x| = 10.

    The integral is a Gauss-Legendre quadrature, the slope g itself: they agree as well as
    the quadrature is exact.
    Source: Unconstrained Monotonic Neural Networks, Wehenkel and Louppe, 2019,
        arXiv:1908.05164; zuko.flows.UMNN.
    """

    examples = (
        'IntegratedNetwork(signals=2, hidden=[5], activation="tanh")',
        "IntegratedNetwork(signals=2, hidden=[4, 4], signal=[0.5, -1], shift=1, "
        'activation="softplus", points=24)',
    )

    shift: Value = parameter(Learn(0.0), doc="the value at 0")
    activation: str = activation_name("elu")
    points: int = setting(32, low=2, high=1000, doc="points of the quadrature")

    quadrature: tuple[np.ndarray, np.ndarray] = field(init=False, repr=False)
    """Points between 0 and 1, with x itself at the end for the slope, and the weights of
    the others.
    """

    def __post_init__(self) -> None:
        nodes, weights = np.polynomial.legendre.leggauss(self.points)
        rule = (
            np.append(0.5 * (nodes + 1), 1.0).reshape(-1, 1, 1),
            0.5 * weights.reshape(-1, 1, 1),
        )
        object.__setattr__(self, "quadrature", rule)

    @property
    def limit(self) -> float:
        return 10.0

    def prepared(self, ops: Ops, like: Array) -> Function:
        layers = self.steered(ops, like)
        places, weights = self.quadrature

        def function(x: Array) -> tuple[Array, Array]:
            row = x[None] if len(x.shape) == 1 else x
            outputs = run(ops, layers, (ops.constant(places) * row[None])[:, :, None])[:, :, 0]
            log_slopes = outputs / (1.0 + ops.abs(outputs) * (1.0 / 7.0))
            area = ops.sum(ops.constant(weights) * ops.exp(log_slopes[:-1])) * row
            value, log_slope = area + self.shift, log_slopes[-1]
            return (value[0], log_slope[0]) if len(x.shape) == 1 else (value, log_slope)

        return function


def _column(x: Array) -> Array:
    """One number for each copy, as the first layer takes it: (copies, 1, N)."""
    return x[None, None] if len(x.shape) == 1 else x[:, None]


def _halves(ops: Ops, size: int) -> Array:
    """1 for the units of the first half, -1 for the others, over (copies, units, N)."""
    return ops.constant(np.where(np.arange(size) < (size + 1) // 2, 1.0, -1.0)[None, :, None])
