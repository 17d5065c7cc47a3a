"""Exponential and logarithm."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.support import POSITIVE
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class Exp(Univariate):
    """y = exp(x).

    Slope: exp(x).
    Source: torch.distributions.transforms.ExpTransform.
    """

    codomain = POSITIVE
    examples = ("Exp",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.exp(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.log(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return x


@dataclass(frozen=True, eq=False)
class Log(Univariate):
    """y = log(x), for x > 0.

    Slope: 1 / x.
    Source: the inverse of torch's ExpTransform.
    """

    domain = POSITIVE
    examples = ("Log",)
    before = "Exponential([1, 2, 0.5])"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.log(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.exp(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return -ops.log(x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        return ops.exp(y), -y
