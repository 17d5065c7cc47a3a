"""The beta distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import Coordinatewise
from flowspec.bases.gamma import GAMMA_DRAWS, log_standard_gamma
from flowspec.parameter import Value, parameter
from flowspec.support import POSITIVE, UNIT


@dataclass(frozen=True, eq=False)
class Beta(Coordinatewise):
    """x^(a - 1) (1 - x)^(b - 1) / B(a, b), for 0 < x < 1.   Source: torch.distributions.Beta.

    Sampled as a share of two gamma draws, G_a / (G_a + G_b): the error in total variation is below 8e-11.
    """

    support = UNIT
    draws = GAMMA_DRAWS + GAMMA_DRAWS
    examples = ("Beta(2, 3)", "Beta([0.5, 1, 4], 1.5)", "Beta(learn(1.5), learn(2))[2]")

    concentration1: Value = parameter(within=POSITIVE, doc="a: large pulls towards 1")
    concentration0: Value = parameter(within=POSITIVE, doc="b: large pulls towards 0")

    def draw(self, ops, *noise):
        half = len(GAMMA_DRAWS)
        first = log_standard_gamma(ops, self.concentration1, noise[:half])
        second = log_standard_gamma(ops, self.concentration0, noise[half:])
        return ops.sigmoid(first - second)

    def log_density(self, ops, x):
        a, b = self.concentration1, self.concentration0
        log_norm = ops.lgamma(a + b) - ops.lgamma(a) - ops.lgamma(b)
        return (a - 1) * ops.log(x) + (b - 1) * ops.log1p(-x) + log_norm
