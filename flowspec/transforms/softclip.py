"""Rational squashing of the real line."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.parameter import setting
from flowspec.support import Interval
from flowspec.transforms.transform import Univariate


class RationalSquash(Univariate):
    """y = x / (1 + |x| / bound)."""

    bound: float

    @property
    def codomain(self):
        return Interval(-self.bound, self.bound)

    def forward(self, ops, x):
        return x / (1.0 + ops.abs(x) / self.bound)

    def inverse(self, ops, y):
        return y / (1.0 - ops.abs(y) / self.bound)

    def log_slope(self, ops, x):
        return -2.0 * ops.log1p(ops.abs(x) / self.bound)


@dataclass(frozen=True, eq=False)
class Softclip(RationalSquash):
    """y = x / (1 + |x| / bound).   Slope: 1 / (1 + |x| / bound)^2.   Source: zuko.transforms.SoftclipTransform."""

    examples = ("Softclip", "Softclip(5)")

    bound: float = setting(1.0, kind=float, low=1e-6, high=1e6, doc="largest absolute value that comes out")


@dataclass(frozen=True, eq=False)
class Softsign(RationalSquash):
    """y = x / (1 + |x|).   Slope: 1 / (1 + |x|)^2.   Source: zuko.transforms.SoftclipTransform with bound 1."""

    bound = 1.0
    examples = ("Softsign",)
