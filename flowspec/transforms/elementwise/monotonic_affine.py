"""Affine steps whose scale is kept away from 0 and infinity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class MonotonicAffine(Univariate):
    """y = shift + scale x, the scale between `slope` and 1 / `slope`.   Slope: scale.

    scale = exp(l / (1 + |l / log(slope)|)) for the free number l = `log_scale`.
    Source: zuko.transforms.MonotonicAffineTransform.
    """

    is_affine = True
    examples = ("MonotonicAffine", "MonotonicAffine([1, -1, 0], [0.5, -20, 2], slope=0.01)")

    shift: Value = parameter(Learn(0.0), doc="added after scaling")
    log_scale: Value = parameter(
        Learn(0.0), doc="a free number: the logarithm of the scale, before it is pressed"
    )
    slope: float = setting(1e-3, kind=float, low=1e-30, high=0.999, doc="smallest scale")

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        log_slope = self._pressed(ops)
        return x * ops.exp(log_slope) + self.shift, log_slope

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        log_slope = self._pressed(ops)
        return (y - self.shift) * ops.exp(-log_slope), log_slope

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return self._pressed(ops)

    def _pressed(self, ops: Ops) -> Array:
        return pressed(ops, self.log_scale, math.log(self.slope))


def pressed(ops: Ops, free: Array, limit: float) -> Array:
    """free / (1 + |free / limit|): between -|limit| and |limit|."""
    return free / (ops.abs(free) * (1.0 / abs(limit)) + 1.0)


def unpressed(log_scale: np.ndarray, slope: float) -> np.ndarray:
    """The free numbers that give the logarithms of scales, or what comes near beyond the ends."""
    limit = abs(math.log(slope))
    within = np.clip(log_scale, -0.9 * limit, 0.9 * limit)
    return np.asarray(within / (1.0 - np.abs(within) / limit))
