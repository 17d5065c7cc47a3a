"""Activation functions and their slopes, over `ops`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array

LEAK = 0.01
"""Slope of `leaky_relu` below 0, as torch.nn.LeakyReLU has it."""


@dataclass(frozen=True)
class Activation:
    """A function of one number, and its derivative: networks are differentiated by hand,
    never by autograd.
    """

    value: Callable[[Ops, Array], Array]
    slope: Callable[[Ops, Array], Array]


def _gelu_slope(ops: Ops, x: Array) -> Array:
    return ops.normal_cdf(x) + x * ops.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


def _silu_slope(ops: Ops, x: Array) -> Array:
    share = ops.sigmoid(x)
    return share + x * share * (1.0 - share)


def _tanh_slope(ops: Ops, x: Array) -> Array:
    y = ops.tanh(x)
    return 1.0 - y * y


def _sigmoid_slope(ops: Ops, x: Array) -> Array:
    y = ops.sigmoid(x)
    return y * (1.0 - y)


def _one(ops: Ops, x: Array) -> Array:
    return 0.0 * x + 1.0


ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "relu": Activation(lambda ops, x: ops.relu(x), lambda ops, x: ops.number(x > 0.0)),
        "elu": Activation(lambda ops, x: ops.elu(x), lambda ops, x: ops.exp(ops.minimum(x, 0.0))),
        "silu": Activation(lambda ops, x: x * ops.sigmoid(x), _silu_slope),
        "tanh": Activation(lambda ops, x: ops.tanh(x), _tanh_slope),
        "gelu": Activation(lambda ops, x: ops.gelu(x), _gelu_slope),
        "softplus": Activation(lambda ops, x: ops.softplus(x), lambda ops, x: ops.sigmoid(x)),
        "sigmoid": Activation(lambda ops, x: ops.sigmoid(x), _sigmoid_slope),
        "leaky_relu": Activation(
            lambda ops, x: ops.maximum(x, LEAK * x),
            lambda ops, x: LEAK + (1 - LEAK) * ops.number(x > 0.0),
        ),
        "identity": Activation(lambda ops, x: x, _one),
    }
)


def activation_names() -> tuple[Any, ...]:
    """The values of `activation=`."""
    return tuple(ACTIVATIONS)
