"""Monotone splines made of polynomials of degree one to three."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.transforms.elementwise.monotonic_affine import pressed
from flowspec.transforms.splines.boxed import Boxed
from flowspec.transforms.splines.searched import invert, spread


def _per_bin(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.bins, *event)


def _per_inner_knot(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.bins - 1, *event)


@dataclass(frozen=True, eq=False)
class PolynomialSpline(Boxed):
    """A piecewise polynomial on [-bound, bound], for whoever says what the pieces are."""

    bins: int = setting(8, low=2, high=256, doc="number of bins")
    bound: float = setting(5.0, kind=float, low=1e-6, high=1e6, doc="half the width of the spline")
    slope: float = setting(1e-3, kind=float, low=1e-6, high=0.5, doc="about the smallest slope")

    @abstractmethod
    def pieces(self, ops: Ops, like: Array) -> tuple[Array, Array, list[Array]]:
        """Widths and rises of the bins, and further arrays of the pieces: each (bins,
        ..., N).
        """

    @abstractmethod
    def curve(
        self, ops: Ops, z: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        """The rise from the start of a bin to its share z, and the slope there."""

    @abstractmethod
    def share(
        self, ops: Ops, above: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        """The share z of a bin at which the curve stands `above` its start, and the slope
        there.
        """

    # --- derived ----------------------------------------------------------------------------------

    def weights(self, ops: Ops, free: Array, like: Array, count: int) -> Array:
        """exp(free), kept within a range that follows from the smallest slope."""
        return ops.exp(pressed(ops, spread(ops, free, (count,), like), 0.5 * math.log(self.slope)))

    def shares(self, ops: Ops, free: Array, like: Array) -> Array:
        """The softmax of the free numbers of the bins, over the width of the box."""
        weights = self.weights(ops, free, like, self.bins)
        return weights * (2.0 * self.bound / ops.sum(weights)[None])

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        inside = ops.clip(x, -self.bound, self.bound)
        start, above, pieces = self._bin(ops, inside, 0)
        z = ops.clip((inside - start) / pieces[0], 0.0, 1.0)
        y, slope = self.curve(ops, z, *pieces)
        within = ops.abs(x) < self.bound
        return ops.where(within, above + y, x), ops.where(within, ops.log(slope), 0.0)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        inside = ops.clip(y, -self.bound, self.bound)
        start, above, pieces = self._bin(ops, inside, 1)
        z, slope = self.share(ops, ops.maximum(inside - above, 0.0), *pieces)
        within = ops.abs(y) < self.bound
        return ops.where(within, start + ops.clip(z, 0.0, 1.0) * pieces[0], y), ops.where(
            within, ops.log(slope), 0.0
        )

    def _bin(self, ops: Ops, numbers: Array, side: int) -> tuple[Array, Array, list[Array]]:
        """Position and value at the start of the bin of each number, and its piece.

        side   0 if the number is a position, 1 if it is a value
        """
        widths, rises, others = self.pieces(ops, numbers)
        before = ops.constant(np.tril(np.ones((self.bins, self.bins)), -1))
        positions, values = (ops.combine(before, array) - self.bound for array in (widths, rises))
        index = ops.to_index(ops.sum(ops.number(numbers >= (values if side else positions)[1:])))
        start, above, *piece = (
            ops.take_along(array, index) for array in (positions, values, widths, rises, *others)
        )
        return start, above, piece

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[1]


@dataclass(frozen=True, eq=False)
class LinearSpline(PolynomialSpline):
    """y linear in each of `bins` equal bins of [-bound, bound]; the identity outside.

    The rises are a softmax of free numbers.   Slope: rise / width of the bin.
    Source: Neural Importance Sampling, Mueller et al., 2019, arXiv:1808.03856.
    """

    examples = ("LinearSpline", "LinearSpline(4, 3, heights=[1, -1, 0.5, 0])")

    heights: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )

    def pieces(self, ops: Ops, like: Array) -> tuple[Array, Array, list[Array]]:
        rises = self.shares(ops, self.heights, like)
        return 0.0 * rises + 2.0 * self.bound / self.bins, rises, []

    def curve(
        self, ops: Ops, z: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        return rise * z, rise / width

    def share(
        self, ops: Ops, above: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        return above / rise, rise / width


@dataclass(frozen=True, eq=False)
class QuadraticSpline(PolynomialSpline):
    """y quadratic in each bin of [-bound, bound], with a continuous slope, which is 1 at
    the ends; the identity outside.

    The widths are a softmax of free numbers; the slopes at the inner knots are
    exponentials, scaled so that the spline ends at the bound.
    Slope: linear between those at the knots.
    Source: Neural Importance Sampling, Mueller et al., 2019, arXiv:1808.03856.
    """

    examples = (
        "QuadraticSpline",
        "QuadraticSpline(4, 3, widths=[1, -1, 0.5, 0], slopes=[0.5, -1, 0.5])",
    )

    widths: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )
    slopes: Value = parameter(
        Learn(0.0), shape=_per_inner_knot, by_row=False, doc="one for each inner knot"
    )

    def pieces(self, ops: Ops, like: Array) -> tuple[Array, Array, list[Array]]:
        widths = self.shares(ops, self.widths, like)
        free = self.weights(ops, self.slopes, like, self.bins - 1)
        # Trapezoids: what the ends leave of the whole rise is shared among the inner knots.
        around = 0.5 * (widths[:-1] + widths[1:])
        left = 2.0 * self.bound - 0.5 * (widths[0] + widths[-1])
        inner = free * (left / ops.sum(free * around))[None]
        one = 0.0 * inner[:1] + 1.0
        slopes = ops.concat([one, inner, one])
        first, last = slopes[:-1], slopes[1:]
        return widths, 0.5 * (first + last) * widths, [first, last]

    def curve(
        self, ops: Ops, z: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        first, last = slopes
        return width * z * (first + 0.5 * (last - first) * z), first * (1.0 - z) + last * z

    def share(
        self, ops: Ops, above: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        first, last = slopes
        # The root that does not cancel; that of the discriminant is the slope.
        level, lowest = above / width, ops.minimum(first, last)
        slope = ops.sqrt(ops.maximum(first * first + 2.0 * (last - first) * level, lowest * lowest))
        return 2.0 * level / (first + slope), slope


@dataclass(frozen=True, eq=False)
class CubicSpline(PolynomialSpline):
    """y cubic in each bin of [-bound, bound], through given knots, with a continuous
    slope; the identity outside.

    Widths and rises are softmaxes of free numbers. The slopes at the inner knots are
    Steffen's, which keep the spline monotone; those at the ends are 1, or twice the mean
    slope of the bin where that is less.
    Slope: quadratic in each bin.
    Source: Cubic-Spline Flows, Durkan et al., 2019, arXiv:1906.02145.
    """

    examples = (
        "CubicSpline",
        "CubicSpline(4, 3, widths=[1, -1, 0.5, 0], heights=[0.3, 1, -0.5, 0])",
    )

    widths: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )
    heights: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )

    def pieces(self, ops: Ops, like: Array) -> tuple[Array, Array, list[Array]]:
        widths, rises = (self.shares(ops, free, like) for free in (self.widths, self.heights))
        steep = rises / widths
        left, right = steep[:-1], steep[1:]
        parabola = (left * widths[1:] + right * widths[:-1]) / (widths[:-1] + widths[1:])
        inner = ops.minimum(2.0 * ops.minimum(left, right), parabola)
        slopes = ops.concat(
            [ops.minimum(2.0 * steep[:1], 1.0), inner, ops.minimum(2.0 * steep[-1:], 1.0)]
        )
        return widths, rises, [slopes[:-1], slopes[1:]]

    def curve(
        self, ops: Ops, z: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        first, last = slopes
        steep, rest = rise / width, 1.0 - z
        y = (
            width
            * z
            * (first + z * (3.0 * steep - 2.0 * first - last + z * (first + last - 2.0 * steep)))
        )
        # No slope at a knot is more than twice `steep`: the bracket is positive, and nothing
        # cancels near z = 1.
        return y, rest * (first * (1.0 - 3.0 * z) + 6.0 * steep * z) + last * z * (3.0 * z - 2.0)

    def share(
        self, ops: Ops, above: Array, width: Array, rise: Array, *slopes: Array
    ) -> tuple[Array, Array]:
        def centred(u: Array) -> tuple[Array, Array]:
            y, slope = self.curve(ops, 0.5 * u + 0.5, width, rise, *slopes)
            return y, ops.log(slope * (0.5 * width))

        z = ops.clip(0.5 * invert(ops, centred, above, 1.0) + 0.5, 0.0, 1.0)
        return z, self.curve(ops, z, width, rise, *slopes)[1]
