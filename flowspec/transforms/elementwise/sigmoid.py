"""The logistic function and its inverse."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.values import Value
from flowspec.support.support import UNIT
from flowspec.transforms.bounded import Bounded, FromBounded


@dataclass(frozen=True, eq=False)
class Sigmoid(Bounded):
    """y = 1 / (1 + exp(-x)).

    Slope: y (1 - y).
    Source: torch.distributions.transforms.SigmoidTransform.
    """

    codomain = UNIT
    examples = ("Sigmoid",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.sigmoid(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.log(y) - ops.log1p(-y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        # log y + log(1 - y), each exact in its own tail; y (1 - y) would be 0 from |x| = 17 on in
        # float32.
        return ops.log_sigmoid(x) + ops.log_sigmoid(-x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        log_y, log_rest = ops.log(y), ops.log1p(-y)
        return log_y - log_rest, log_y + log_rest

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        log_above, log_below = ops.log(above), ops.log(below)
        constant = log_scale - 2 * ops.log(width)
        return log_above - log_below, log_above + log_below + constant


@dataclass(frozen=True, eq=False)
class Logit(FromBounded):
    """y = log(x / (1 - x)), for 0 < x < 1.

    Slope: 1 / (x (1 - x)).
    Source: the inverse of SigmoidTransform.
    """

    domain = UNIT
    inverse_of = Sigmoid
    examples = ("Logit",)
    before = "Uniform(0, 1)[3] |> Power(0.5)"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.log(x) - ops.log1p(-x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.sigmoid(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return -(ops.log(x) + ops.log1p(-x))

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        log_x, log_rest = ops.log(x), ops.log1p(-x)
        return log_x - log_rest, -(log_x + log_rest)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        # From y: x rounds to 1 where y is 37, or 17 in float32.
        return ops.sigmoid(y), -(ops.log_sigmoid(y) + ops.log_sigmoid(-y))
