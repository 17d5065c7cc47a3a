"""Softplus and its inverse."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.support import POSITIVE
from flowspec.transforms.transform import Elementwise


@dataclass(frozen=True, eq=False)
class Softplus(Elementwise):
    """y = log(1 + exp(x)).   Slope: 1 / (1 + exp(-x)).   Source: torch.distributions.transforms.SoftplusTransform."""

    codomain = POSITIVE
    examples = ("Softplus",)

    def forward(self, ops, x):
        return ops.softplus(x)

    def inverse(self, ops, y):
        return inverse_softplus(ops, y)

    def log_slope(self, ops, x):
        return ops.log_sigmoid(x)


@dataclass(frozen=True, eq=False)
class InverseSoftplus(Elementwise):
    """y = log(exp(x) - 1), for x > 0.   Slope: 1 / (1 - exp(-x)).   Source: the inverse of torch's SoftplusTransform."""

    domain = POSITIVE
    examples = ("InverseSoftplus",)
    before = "Exponential([1, 2, 0.5])"

    def forward(self, ops, x):
        return inverse_softplus(ops, x)

    def inverse(self, ops, y):
        return ops.softplus(y)

    def log_slope(self, ops, x):
        return -ops.log(-ops.expm1(-x))


def inverse_softplus(ops, y):
    """log(exp(y) - 1) as y + log(1 - exp(-y)): no overflow for large y, no cancellation for small."""
    return y + ops.log(-ops.expm1(-y))
