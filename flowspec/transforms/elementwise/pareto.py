"""Normal numbers onto generalized Pareto ones: hard edges, and tails that are powers.

Source: Flexible Tails for Normalizing Flows, Hickling and Prangle, 2025, arXiv:2406.16971.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.special import log_erfc, normal_of_exponential
from flowspec.ops.vocabulary import LOG_2, LOG_2PI, Array, Operand
from flowspec.parts.fields import parameter
from flowspec.parts.tails import centre, pareto_tail
from flowspec.parts.values import Learn, Value
from flowspec.support.support import POSITIVE
from flowspec.transforms.transform import Univariate

LOWER, UPPER = -math.log(0.8413447460685429), -math.log(0.15865525393145707)
"""Of the unit exponential distribution, what a deviation below and above 0 is of the normal one."""

_HALF_LOG_PI_HALF = 0.5 * math.log(math.pi / 2)


class ThroughExponential(Univariate):
    """A map of normal numbers that goes by way of unit exponential ones."""

    @abstractmethod
    def _tail(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        """t and log |dt/dx|, for the unit exponential t of a normal number."""

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return self.forward_and_log_slope(ops, x)[1]


def _grown(ops: Ops, t: Array, shape: Operand) -> Array:
    """(exp(shape t) - 1) / shape, below the overflow."""
    largest = 0.9 * math.log(float(np.finfo(ops.dtype).max))
    return ops.expm1(ops.minimum(shape * t, largest)) / shape


@dataclass(frozen=True, eq=False)
class NormalToPareto(ThroughExponential):
    """y = scale (S^-shape - 1) / shape, where S is the share of the normal distribution above x.

    Slope: scale S^-(shape + 1) phi(x), where phi is the normal density.

    A standard normal number becomes a generalized Pareto one: its density is 1 / scale at 0, and
    falls as the power -(1 + 1 / shape). What comes in decides about any other height at 0. Both
    fields are measured from the training data, once: by its largest values, and by its median,
    which comes from within a deviation of 0.

    Source: arXiv:2406.16971, with an edge in the place of the lower tail.
    """

    codomain = POSITIVE
    examples = (
        "NormalToPareto",
        "NormalToPareto(2, 0.3)",
        "NormalToPareto([1, 2, 0.5], learn(0.1))",
    )

    scale: Value = parameter(
        Learn(1.0, trained=False), within=POSITIVE, doc="1 / the density at 0 of normal numbers"
    )
    shape: Value = parameter(
        Learn(0.1, trained=False), within=POSITIVE, doc="1 / the power of the tail"
    )

    def measure(self, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        shape, scale = pareto_tail(y, weights)
        median = centre(y, weights) * shape
        # At the scale of the tail the tail is right; the median stays within a deviation of 0.
        least, most = (median / np.expm1(shape * t) for t in (UPPER, LOWER))
        return {"shape": shape, "scale": np.clip(scale, least, most)}

    def _tail(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        minus_log, rest = log_erfc(ops, ops.maximum(x, 0.0) * math.sqrt(0.5))
        below = ops.normal_cdf(ops.minimum(x, 0.0))
        lower = -ops.log1p(-below)
        is_upper = x > 0.0
        t = ops.where(is_upper, minus_log + LOG_2, lower)
        # phi(x) / S: the squares of the upper side are left out, which cancel.
        rate = ops.where(is_upper, rest + LOG_2, lower - 0.5 * ops.square(ops.minimum(x, 0.0)))
        return t, rate - 0.5 * LOG_2PI

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        t, rate = self._tail(ops, x)
        return _grown(ops, t, self.shape) * self.scale, self._log_slope(ops, t, rate)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        t = ops.log1p(y / self.scale * self.shape) / self.shape
        x = normal_of_exponential(ops, ops.maximum(t, float(np.finfo(ops.dtype).tiny)))
        t, rate = self._tail(ops, x)
        return x, self._log_slope(ops, t, rate)

    def _log_slope(self, ops: Ops, t: Array, rate: Array) -> Array:
        return ops.log(self.scale) + self.shape * t + rate


@dataclass(frozen=True, eq=False)
class ParetoTails(ThroughExponential):
    """y = location + scale sign(x) (T^-shape - 1) / shape, where T is the share beyond x and -x.

    Slope: 2 scale T^-(shape + 1) phi(x), where phi is the normal density.

    A standard normal number gets tails that are powers: its density falls as the power
    -(1 + 1 / lower) on the left and -(1 + 1 / upper) on the right. The fields are measured from
    the training data, once: location and scale by its quartiles, the shapes by its extremes.

    Source: arXiv:2406.16971.
    """

    examples = ("ParetoTails", "ParetoTails(1, 2, 0.3, 0.6)", "ParetoTails(lower=learn(0.2))")

    location: Value = parameter(Learn(0.0, trained=False), doc="median of the training data")
    scale: Value = parameter(
        Learn(1.0, trained=False), within=POSITIVE, doc="from the quartiles of the training data"
    )
    lower: Value = parameter(
        Learn(0.1, trained=False), within=POSITIVE, doc="1 / the power of the left tail"
    )
    upper: Value = parameter(
        Learn(0.1, trained=False), within=POSITIVE, doc="1 / the power of the right tail"
    )

    def measure(self, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        location = centre(y, weights)
        distances = [sign * (y - location[..., None]) for sign in (-1, 1)]
        shapes = [pareto_tail(distance, weights)[0] for distance in distances]
        quartiles = (centre(y, weights, share) for share in (0.25, 0.75))
        width = np.subtract(*reversed([*quartiles]))
        # Half of normal numbers lie between the quartiles: there T is a half.
        unit = sum(np.expm1(shape * LOG_2) / shape for shape in shapes)
        scale = np.where(width > 0, width, 1.0) / unit
        return {"location": location, "scale": scale, "lower": shapes[0], "upper": shapes[1]}

    def _tail(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        t, rest = log_erfc(ops, ops.abs(x) * math.sqrt(0.5))
        return t, rest - _HALF_LOG_PI_HALF

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        t, rate = self._tail(ops, x)
        shape = ops.where(x < 0.0, self.lower, self.upper)
        y = ops.sign(x) * _grown(ops, t, shape) * self.scale + self.location
        return y, self._log_slope(ops, t, rate, shape)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        z = (y - self.location) / self.scale
        shape = ops.where(z < 0.0, self.lower, self.upper)
        t = ops.log1p(ops.abs(z) * shape) / shape
        # exp(-t) is the share on both sides, half of it that on one.
        x = ops.sign(z) * normal_of_exponential(ops, t + LOG_2)
        t, rate = self._tail(ops, x)
        return x, self._log_slope(ops, t, rate, shape)

    def _log_slope(self, ops: Ops, t: Array, rate: Array, shape: Operand) -> Array:
        return ops.log(self.scale) + shape * t + rate
