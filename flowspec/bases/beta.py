"""The beta distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import BoundedBase
from flowspec.bases.gamma import GAMMA_DRAWS, log_standard_gamma
from flowspec.ops import Ops
from flowspec.ops.asymptotic import log_quotient, stirling_error
from flowspec.ops.special import HALF_LOG_2PI
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import POSITIVE, UNIT


@dataclass(frozen=True, eq=False)
class Beta(BoundedBase):
    """x^(a - 1) (1 - x)^(b - 1) / B(a, b), for 0 < x < 1.

    Source: torch.distributions.Beta.

    Sampled as a share of two gamma draws, G_a / (G_a + G_b): the error in total variation
    is below 8e-11.
    """

    support = UNIT
    draws = GAMMA_DRAWS + GAMMA_DRAWS
    examples = ("Beta(2, 3)", "Beta([0.5, 1, 4], 1.5)", "Beta(learn(1.5), learn(2))[2]")

    concentration1: Value = parameter(within=POSITIVE, doc="a: large pulls towards 1")
    concentration0: Value = parameter(within=POSITIVE, doc="b: large pulls towards 0")

    def draw(self, ops: Ops, noise: Array) -> Array:
        half = len(GAMMA_DRAWS)
        first = log_standard_gamma(ops, self.concentration1, noise[:half])
        second = log_standard_gamma(ops, self.concentration0, noise[half:])
        return ops.sigmoid(first - second)

    def log_density(self, ops: Ops, x: Array) -> Array:
        return self._log_density(ops, x, 1 - x, ops.log(x), ops.log1p(-x))

    def log_density_from_ends(self, ops: Ops, above: Array, below: Array) -> Array:
        # Each logarithm from the smaller of the two, which has all the digits.
        log_x = ops.where(above < below, ops.log(above), ops.log1p(-below))
        log_rest = ops.where(above < below, ops.log1p(-above), ops.log(below))
        return self._log_density(ops, above, below, log_x, log_rest)

    def _log_density(self, ops: Ops, x: Array, rest: Array, log_x: Array, log_rest: Array) -> Array:
        # Around the mean a / (a + b), as in Gamma: the terms of B(a, b) alone are far larger than
        # the result.
        a, b = self.concentration1, self.concentration0
        log_sum = ops.log(a + b)
        excess = x * b - rest * a
        one = a * log_quotient(ops, excess, a, log_x + (log_sum - ops.log(a)))
        zero = b * log_quotient(ops, -excess, b, log_rest + (log_sum - ops.log(b)))
        return one + zero - log_x - log_rest + self._log_norm(ops, log_sum)

    def _log_norm(self, ops: Ops, log_sum: Array) -> Array:
        a, b = self.concentration1, self.concentration0
        errors = stirling_error(ops, a + b) - stirling_error(ops, a) - stirling_error(ops, b)
        return 0.5 * (ops.log(a) + ops.log(b) - log_sum) - HALF_LOG_2PI + errors
