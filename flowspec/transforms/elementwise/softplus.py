"""Softplus and its inverse."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.support import POSITIVE
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class Softplus(Univariate):
    """y = log(1 + exp(x)).

    Slope: 1 / (1 + exp(-x)).
    Source: torch.distributions.transforms.SoftplusTransform.
    """

    codomain = POSITIVE
    examples = ("Softplus",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.softplus(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return y + log_of_rest(ops, y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.log_sigmoid(x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        log_slope = log_of_rest(ops, y)
        return y + log_slope, log_slope


@dataclass(frozen=True, eq=False)
class InverseSoftplus(Univariate):
    """y = log(exp(x) - 1), for x > 0.

    Slope: 1 / (1 - exp(-x)).
    Source: the inverse of SoftplusTransform.
    """

    domain = POSITIVE
    examples = ("InverseSoftplus",)
    before = "Exponential([1, 2, 0.5])"

    def forward(self, ops: Ops, x: Array) -> Array:
        # log(exp(x) - 1) overflows for large x, and cancels for small.
        return x + log_of_rest(ops, x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.softplus(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return -log_of_rest(ops, x)

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        rest = log_of_rest(ops, x)
        return x + rest, -rest

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        # From y: x is 0 where exp(y) underflows.
        return ops.softplus(y), -ops.log_sigmoid(y)


def log_of_rest(ops: Ops, x: Array) -> Array:
    """log(1 - exp(-x)), for x > 0: the log-slope of softplus, from its value."""
    return ops.log(-ops.expm1(-x))
