"""Rational-quadratic splines.

Source: Neural Spline Flows, Durkan et al., 2019, arXiv:1906.04032: eq. 4 (value), 5
    (slope), 6 to 8 (inverse).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import Learn, Value
from flowspec.support.circle import Circle
from flowspec.support.space import Image, Space
from flowspec.support.support import POSITIVE, Interval, Support
from flowspec.transforms.elementwise.monotonic_affine import pressed
from flowspec.transforms.splines.boxed import Boxed
from flowspec.transforms.transform import Transform, Univariate


class RationalQuadratic(Univariate):
    """A monotone spline between knots: the formulas, given the bin of each number."""

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return self.forward_and_log_slope(ops, x)[1]


def value(y0: Operand, height: Array, steep: Array, d0: Array, d1: Array, z: Array) -> Array:
    """The spline at the share z of a bin: of the given start, height, mean slope, and
    slopes at the ends.
    """
    inner = z * (1.0 - z)
    return y0 + height * (steep * z * z + d0 * inner) / (steep + (d0 + d1 - 2.0 * steep) * inner)


def share(ops: Ops, above: Array, height: Array, steep: Array, d0: Array, d1: Array) -> Array:
    """The share z of a bin at which the spline stands `above` its start."""
    bend = d0 + d1 - 2.0 * steep
    a = height * (steep - d0) + above * bend
    b = height * d0 - above * bend
    c = -steep * above
    # The root of a z^2 + b z + c that does not cancel; rounding may push the discriminant below 0.
    root = ops.sqrt(ops.maximum(b * b - 4.0 * a * c, 0.0))
    return -2.0 * c / (b + root)


def log_slope(ops: Ops, steep: Array, d0: Array, d1: Array, z: Array) -> Array:
    """Logarithm of the slope at the share z of a bin."""
    rest = 1.0 - z
    inner = z * rest
    above = d1 * z * z + 2.0 * steep * inner + d0 * rest * rest
    below = steep + (d0 + d1 - 2.0 * steep) * inner
    ratio = steep / below
    return ops.log(above * ratio * ratio)


class Bin(NamedTuple):
    """The bin of each number: its start and extent in both directions, and the slopes at
    its ends.
    """

    x0: Array
    width: Array
    y0: Array
    height: Array
    d0: Array
    d1: Array


def _ends_of_circle(support: Support) -> tuple[float, float] | None:
    """The ends of a circle; None for another support."""
    interval = support.interval
    return (interval.low, interval.high) if interval and support.period else None


def _per_bin(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.bins, *event)


def _per_inner_knot(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (_inner_knots(component), *event)


def _inner_knots(component: Any) -> int:
    return component.bins if component.circular else component.bins - 1


def _over_knots(ops: Ops, value: Array, count: int, x: Array) -> Array:
    """One number for all knots as an array over them; arrays as they are."""
    return (
        ops.constant(np.full((count, *x.shape[:-1], 1), value))
        if isinstance(value, int | float)
        else value
    )


@dataclass(frozen=True, eq=False)
class RQS(RationalQuadratic, Boxed):
    """Rational-quadratic spline on [-bound, bound], the identity outside.

    Source: arXiv:1906.04032.

    Widths, heights and slopes are free numbers, as zuko.transforms.MonotonicRQSTransform
    takes them: a softmax makes bins of the first two, an exponential slopes of the third,
    each pressed so that no slope falls below `slope`. A coordinate whose support is a
    circle is mapped onto that circle, with slope 1 where its ends meet. With `circular`,
    the spline maps the circle (-bound, bound) onto itself, and the slope where the ends
    meet is free too.
    """

    examples = (
        "RQS",
        "RQS(bins=4, bound=3, widths=[0.5, -1, 0.2, 0.1], heights=[1, 0.3, -0.4, "
        "0], slopes=[0.5, -0.5, 1])",
        "RQS(bins=3, bound=2, widths=learn([0.5, -1, 0.2]), slopes=learn([0.5, -0.5]))",
        "RQS(bins=3, bound=3, widths=[0.5, -1, 0.2], heights=[1, 0, -0.4], "
        "slopes=[0.5, -0.5, 1], circular=true)",
    )

    before = "CircularUniform(-3, 3)[3]"

    bins: int = setting(8, low=2, high=256, doc="number of bins")
    bound: float = setting(5.0, kind=float, low=1e-6, high=1e6, doc="half the width of the spline")
    widths: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )
    heights: Value = parameter(
        Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin"
    )
    slopes: Value = parameter(
        Learn(0.0), shape=_per_inner_knot, by_row=False, doc="one for each inner knot"
    )
    slope: float = setting(1e-3, kind=float, low=1e-6, high=0.5, doc="smallest slope")
    circular: bool = setting(False, kind=bool, doc="is the support a circle?")
    turn: bool = setting(False, kind=bool, doc="is a circle turned by half before the spline acts?")
    circles: tuple[tuple[float, float] | None, ...] = ()
    """The ends of each coordinate's circle, where it has one."""

    # --- supports ---------------------------------------------------------------------------------

    @property
    def domain(self) -> Support:  # type: ignore[override]  # that of the fields
        return Circle(-self.bound, self.bound) if self.circular else Interval()

    def domain_for(self, space: Space) -> Space:
        # Sets that tie coordinates together fall apart into numbers; circles stay.
        kept = (
            (support,) if support.period and not self.circular else (self.domain,) * support.size
            for support in space.supports
        )
        return space.with_supports(domain for group in kept for domain in group)

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        ends = tuple(_ends_of_circle(support) for support in space.supports)
        return with_fields(self, {"circles": ends}) if any(ends) and not self.circular else self

    def image(self, space: Space) -> Image:
        return self._with_circles(space, super().image)

    def preimage(self, space: Space) -> Image:
        return self._with_circles(space, super().preimage)

    def _with_circles(self, space: Space, image: Callable[[Space], Image]) -> Image:
        """The image of a box; circles stay."""
        if not any(support.period for support in space.supports):
            return image(space)
        if all(support.period for support in space.supports):
            return Image(space)
        if self.varies:
            space_of_numbers = [Interval() if s.period else s for s in space.supports]
            numbers = image(space.with_supports(space_of_numbers))
        else:
            numbers = image(space)
        pairs = zip(space.supports, numbers.space.supports, strict=True)
        return Image(space.with_supports(s if s.period else n for s, n in pairs), numbers.exact)

    def only(self, coordinates: Sequence[int], size: int) -> Self:
        step = super().only(coordinates, size)
        return (
            with_fields(step, {"circles": tuple(self.circles[i] for i in coordinates)})
            if self.circles
            else step
        )

    def alike(self, size: int) -> bool:
        return len(set(self.circles)) < 2 and super().only([0], size) is self

    # --- formulas ---------------------------------------------------------------------------------

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        centre, half = self._frame(ops, x)
        inside = ops.clip(self._turned(ops, x - centre, half), -half, half)
        x0, width, y0, height, d0, d1 = self._bin(ops, inside, half, 0)
        steep, z = height / width, ops.clip((inside - x0) / width, 0.0, 1.0)
        y = value(y0, height, steep, d0, d1, z) + centre
        return ops.where(self._within(ops, x), y, x), self.log_slope_from(
            ops, (steep, d0, d1, z, x)
        )

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        x, terms = self.inverse_and_terms(ops, y)
        return x, self.log_slope_from(ops, terms)

    def inverse_and_terms(self, ops: Ops, y: Array) -> tuple[Array, tuple[Array, ...]]:
        centre, half = self._frame(ops, y)
        inside = ops.clip(y - centre, -half, half)
        x0, width, y0, height, d0, d1 = self._bin(ops, inside, half, 1)
        steep = height / width
        z = ops.clip(share(ops, ops.maximum(inside - y0, 0.0), height, steep, d0, d1), 0.0, 1.0)
        x = ops.where(self._within(ops, y), self._turned(ops, x0 + z * width, half) + centre, y)
        return x, (steep, d0, d1, z, y)

    def log_slope_from(self, ops: Ops, terms: Sequence[Any]) -> Array:
        steep, d0, d1, z, x = terms
        return ops.where(self._within(ops, x), log_slope(ops, steep, d0, d1, z), 0.0)

    def _turned(self, ops: Ops, x: Array, half: Any) -> Array:
        """Half a turn of each circle, which undoes itself."""
        if not self.turn or not (self.circular or any(self.circles)):
            return x
        turned = ops.where(x < 0.0, x + half, x - half)
        if self.circular or all(self.circles):
            return turned
        return ops.where(self._on_circles(ops, x), turned, x)

    def _on_circles(self, ops: Ops, x: Array) -> Array:
        """True for coordinates that are angles."""
        return _column(ops, [float(bool(ends)) for ends in self.circles], x) > 0.5

    def _frame(self, ops: Ops, x: Array) -> tuple[Any, Any]:
        """The middle of the spline and half its width: numbers, or a column of each."""
        if not any(self.circles):
            return 0.0, self.bound
        ends = [ends or (-self.bound, self.bound) for ends in self.circles]
        middles = [0.5 * (low + high) for low, high in ends]
        half_widths = [0.5 * (high - low) for low, high in ends]
        if len(set(ends)) == 1:
            return middles[0], half_widths[0]
        return _column(ops, middles, x), _column(ops, half_widths, x)

    def _within(self, ops: Ops, x: Array) -> Array:
        """True where the spline acts, and not the identity.

        NaN goes through the identity.
        """
        if self.circular or (self.circles and all(self.circles)):
            return ops.abs(x) >= 0.0
        inside = ops.abs(x) < self.bound
        if any(self.circles):
            inside = inside | self._on_circles(ops, x)
        return inside

    def _bin(self, ops: Ops, x: Array, half: Array, side: int) -> Bin:
        """The bin of each x.

        x      relative to the middle of the spline, inside it
        side   0 if x is a position, 1 if it is a value
        """
        press = math.log(self.slope)
        free = [_over_knots(ops, array, self.bins, x) for array in (self.widths, self.heights)]
        weights = [ops.exp(pressed(ops, array, press / 2)) for array in free]
        sums = [
            ops.combine(ops.constant(np.tril(np.ones((self.bins, self.bins)))), array)
            for array in weights
        ]
        scales = [2.0 * half / array[-1] for array in sums]
        # Not x is compared with the knots, which would have to be scaled, but x, scaled, with the
        # sums.
        count = ops.sum(ops.number((x + half) / scales[side] >= sums[side][:-1]))
        index = ops.to_index(count)
        places: list[Array] = []
        for weight, total, scale in zip(weights, sums, scales, strict=True):
            extent = ops.take_along(weight, index) * scale
            places += [ops.take_along(total, index) * scale - half - extent, extent]
        slopes = self._knot_slopes(ops, x, press)
        d0 = ops.take_along(slopes, index)
        d1 = ops.take_along(slopes, ops.to_index(count + 1.0))
        x0, width, y0, height = places
        return Bin(x0, width, y0, height, d0, d1)

    def _knot_slopes(self, ops: Ops, x: Array, press: float) -> Array:
        slopes = ops.exp(pressed(ops, _over_knots(ops, self.slopes, _inner_knots(self), x), press))
        one = 0.0 * slopes[:1] + 1.0
        return ops.concat((slopes[-1:], slopes) if self.circular else (one, slopes, one))


def _column(ops: Ops, numbers: Sequence[float], like: Array) -> Array:
    """A number for each coordinate, with a batch axis if `like` has axes for both."""
    array = np.array(numbers)
    return ops.constant(array if len(like.shape) == 1 else array[:, None])


def _per_knot(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    inits = [
        getattr(value, "init", value) for value in (component.x, component.y, component.slopes)
    ]
    return (next((len(value) for value in inits if np.ndim(value)), 2), *event)


@dataclass(frozen=True, eq=False)
class Spline(RationalQuadratic):
    """Rational-quadratic spline through given knots, linear outside.

    Source: arXiv:1906.04032.

    The slopes at the first and the last knot are those of the continuation.
    """

    examples = ("Spline([-2, 0, 1], [-1, 0.5, 3], [1, 0.5, 2])", "Spline([0, 1], [5, 7], [1, 3])")

    x: Value = parameter(shape=_per_knot, trainable=False, doc="positions of the knots, increasing")
    y: Value = parameter(shape=_per_knot, trainable=False, doc="values at the knots, increasing")
    slopes: Value = parameter(
        shape=_per_knot, within=POSITIVE, by_row=False, doc="slopes at the knots, positive"
    )

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        for name in ("x", "y"):
            knots = np.atleast_1d(getattr(self, name))
            if len(knots) < 2 or not (np.diff(knots, axis=0) > 0).all():
                yield mistakes.UnsortedKnots(field=name)

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        return self._linear_outside(ops, x, self.x, self.y, +1)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        return self._linear_outside(ops, y, self.y, self.x, -1)

    def _linear_outside(
        self, ops: Ops, x: Array, edges: Array, images: Array, direction: int
    ) -> tuple[Array, Array]:
        slopes = _over_knots(ops, self.slopes, self.x.shape[0], x)
        low, high, first, last = edges[0], edges[-1], slopes[0], slopes[-1]
        y, slope_here = self._curve(ops, ops.clip(x, low, high), edges, slopes, direction)
        below, above = x < low, x > high
        rate = (first, last) if direction > 0 else (1 / first, 1 / last)
        y = ops.where(below, images[0] + (x - low) * rate[0], y)
        y = ops.where(above, images[-1] + (x - high) * rate[1], y)
        return y, ops.where(below, ops.log(first), ops.where(above, ops.log(last), slope_here))

    def _curve(
        self, ops: Ops, x: Array, edges: Array, slopes: Array, direction: int
    ) -> tuple[Array, Array]:
        """The spline or its inverse between the outer knots, and the log-slope of the
        spline.
        """
        index = ops.to_index(ops.sum(ops.number(x >= edges[1:-1]))) if edges.shape[0] > 2 else None
        widths, heights = self.x[1:] - self.x[:-1], self.y[1:] - self.y[:-1]
        rows = [self.x[:-1], widths, self.y[:-1], heights, slopes[:-1], slopes[1:]]
        x0, width, y0, height, d0, d1 = (
            row[0] if index is None else ops.take_along(row, index) for row in rows
        )
        steep = height / width
        if direction > 0:
            z = (x - x0) / width
            return value(y0, height, steep, d0, d1, z), log_slope(ops, steep, d0, d1, z)
        z = share(ops, x - y0, height, steep, d0, d1)
        return x0 + z * width, log_slope(ops, steep, d0, d1, z)
