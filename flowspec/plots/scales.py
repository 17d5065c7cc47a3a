"""Axes of numbers: which of them they show, how, and in which bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

Numbers = NDArray[Any]

MOST_BINS = 60
NEARLY_ALL = 0.002
"""Share of the samples beyond either end that may be out of sight: one far sample would leave
nothing else to be seen."""

SKEWED = 4.0
"""Times that the upper tail is longer than the lower one, from which on an axis is logarithmic."""
WIDE = 20.0
"""Times that the upper 1 % is above the lower 1 % there."""

FAR = 300.0
"""Times from one end of an axis to the other, from which on powers of ten are marks enough."""


@dataclass(frozen=True)
class Scale:
    """An axis.

    low, high   the numbers that it shows, all within the support
    is_log      equal factors have equal lengths
    is_whole    bins are around whole numbers
    """

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def edges(self, count: int) -> Numbers:
        """The edges of so many bins, or somewhat fewer; the first begins where the numbers do."""
        if self.is_log:
            return np.geomspace(self.low, self.high, count + 1)
        if not self.is_whole:
            return np.linspace(self.low, self.high, count + 1)
        step = max(1, round((self.high - self.low) / count))
        return np.arange(self.low - 0.5, self.high + 0.5 + step, step)

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the axis, with a margin."""
        if self.is_log:
            factor = (self.high / self.low) ** 0.03
            return self.low / factor, self.high * factor
        margin = 0.03 * (self.high - self.low) + 0.5 * self.is_whole
        return self.low - margin, self.high + margin

    def grid(self, count: int) -> Numbers:
        """Places all along the axis."""
        low, high = self.limits
        return np.geomspace(low, high, count) if self.is_log else np.linspace(low, high, count)

    def stretch(self, x: Numbers) -> Numbers:
        """Numbers for a length of the axis: what turns a density of x into one of the axis."""
        return x if self.is_log else np.ones_like(x)

    def width(self, edges: Numbers) -> float:
        """The length of a bin, in the units of `stretch`."""
        first, second = edges[:2]
        return float(np.log(second / first) if self.is_log else second - first)


def scale_of(data: Numbers, samples: Numbers) -> Scale:
    """The axis for the range that the data covers, and nearly all samples."""
    data, samples = (values[np.isfinite(values)] for values in (data, samples))
    ends = np.quantile(samples, (NEARLY_ALL, 1 - NEARLY_ALL)) if len(samples) else [np.inf, -np.inf]
    low = float(min(data.min(initial=np.inf), ends[0]))
    high = float(max(data.max(initial=-np.inf), ends[1]))
    if not np.isfinite(low) or not np.isfinite(high):
        return Scale(-0.5, 0.5)
    known = data if len(data) else samples
    is_whole = _are_whole(data) and _are_whole(samples) and high < 1e6 and low > -1e6
    if not high > low:
        pad = 0.5 * (1 if is_whole or abs(low) < 1e6 else abs(low))
        return Scale(low - pad, high + pad)
    if samples.min(initial=1.0) > 0 and low > 0 and _is_skewed(known):
        return Scale(low, high, is_log=True)
    return Scale(low, high, is_whole=is_whole)


def _is_skewed(values: Numbers) -> bool:
    """True for positive numbers most of which lie in a small part of their range."""
    low, middle, high = np.quantile(values, (0.01, 0.5, 0.99))
    return bool(low > 0 and high > WIDE * low and high - middle > SKEWED * (middle - low))


def _are_whole(values: Numbers) -> bool:
    return bool(np.all(values == np.round(values)))


def scaled(axis: Axes, x: Scale, y: Scale | None = None) -> None:
    """Give the axes of a panel their scales."""
    axis.set_xlim(*x.limits)
    if x.is_log:
        axis.set_xscale("log")
        _mark(axis.xaxis, x)
    if y:
        axis.set_ylim(*y.limits)
    if y and y.is_log:
        axis.set_yscale("log")
        _mark(axis.yaxis, y)


def _mark(axis: Axis, scale: Scale) -> None:
    """Marks of a logarithmic axis as plain numbers: powers would be formulas, with their fonts."""
    subs = (1.0,) if scale.high > FAR * scale.low else (1.0, 3.0)
    axis.set_major_locator(LogLocator(subs=subs, numticks=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
