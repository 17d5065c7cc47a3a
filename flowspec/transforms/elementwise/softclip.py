"""Rational squashing of the real line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2, Array
from flowspec.parts.fields import setting
from flowspec.parts.mistakes import SettingOutOfRange
from flowspec.parts.values import Value
from flowspec.support.space import Space
from flowspec.support.support import REAL, Interval
from flowspec.transforms.bounded import Bounded
from flowspec.transforms.transform import Univariate


class RationalSquash(Univariate):
    """y = x / (1 + |x| / bound)."""

    bound: float

    @property
    def codomain(self) -> Interval:  # type: ignore[override]  # that of the fields
        return Interval(-self.bound, self.bound)

    def forward(self, ops: Ops, x: Array) -> Array:
        return x / (1.0 + ops.abs(x) / self.bound)

    def inverse(self, ops: Ops, y: Array) -> Array:
        # Written so that the distance to the end keeps its digits.
        return y * (self.bound / (self.bound - ops.abs(y)))

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return -2.0 * ops.log1p(ops.abs(x) / self.bound)


class BoundedSquash(RationalSquash, Bounded):
    """The same on the whole real line, so that it has two ends."""

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        nearer = ops.minimum(above, below)
        x = (above - below) / nearer * (0.5 * self.bound)
        return x, 2.0 * ops.log(nearer) + (log_scale - 2.0 * (ops.log(width) - LOG_2))


@dataclass(frozen=True, eq=False)
class Softclip(BoundedSquash):
    """y = x / (1 + |x| / bound).

    Slope: 1 / (1 + |x| / bound)^2.
    Source: zuko.transforms.SoftclipTransform.
    """

    examples = ("Softclip", "Softclip(5)")

    bound: float = setting(
        1.0, kind=float, low=1e-6, high=1e6, doc="largest absolute value that comes out"
    )


@dataclass(frozen=True, eq=False)
class Softsign(BoundedSquash):
    """y = x / (1 + |x|).

    Slope: 1 / (1 + |x|)^2.
    Source: zuko.transforms.SoftclipTransform with bound 1.
    """

    bound = 1.0
    examples = ("Softsign",)


@dataclass(frozen=True, eq=False)
class ContinuedSoftclip(RationalSquash):
    """y = x / (1 + |x| / bound) up to |y| = until, and linear from there on: a map of the
    real line onto itself.

    Between two steps it keeps nearly everything in (-bound, bound), and yet loses
    nothing.
    Source: zuko.transforms.SoftclipTransform, whose inverse zuko looks for in (-until,
        until) only.
    """

    codomain = REAL
    examples = ("ContinuedSoftclip(11, 10)",)

    bound: float = setting(11.0, kind=float, low=1e-6, high=1e6, doc="where it would end")
    until: float = setting(
        10.0, kind=float, low=1e-7, high=1e6, doc="where it turns linear, below `bound`"
    )

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        if not self.until < self.bound:
            yield SettingOutOfRange(
                field="until", expected=f"less than {self.bound:g}", found=f"{self.until:g}"
            )

    @property
    def _turn(self) -> tuple[float, float]:
        """The x at which it turns linear, and the slope from there on."""
        return self.until / (1 - self.until / self.bound), (1 - self.until / self.bound) ** 2

    def forward(self, ops: Ops, x: Array) -> Array:
        turn, slope = self._turn
        near = super().forward(ops, ops.clip(x, -turn, turn))
        return near + (x - ops.clip(x, -turn, turn)) * slope

    def inverse(self, ops: Ops, y: Array) -> Array:
        _, slope = self._turn
        inner = ops.clip(y, -self.until, self.until)
        return super().inverse(ops, inner) + (y - inner) / slope

    def log_slope(self, ops: Ops, x: Array) -> Array:
        turn, _ = self._turn
        return super().log_slope(ops, ops.clip(x, -turn, turn))
