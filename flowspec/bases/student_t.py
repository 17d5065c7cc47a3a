"""Student's t distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.bases.base import Coordinatewise
from flowspec.bases.gamma import GAMMA_DRAWS, log_standard_gamma
from flowspec.ops.vocabulary import LOG_2
from flowspec.parameter import Value, parameter
from flowspec.support import POSITIVE


@dataclass(frozen=True, eq=False)
class StudentT(Coordinatewise):
    """(1 + z^2 / df)^(-(df + 1) / 2), normalised, z = (x - loc) / scale.   Source: torch.distributions.StudentT.

    Sampled as a normal over the root of a gamma draw: the error in total variation is below 4e-11.
    """

    draws = ("normal", *GAMMA_DRAWS)
    examples = ("StudentT(3)", "StudentT([1, 5, 50], 1, 2)", "StudentT(learn(3), learn(0.5), learn(2))[2]")

    df: Value = parameter(within=POSITIVE, doc="degrees of freedom: small for heavy tails")
    loc: Value = parameter(0.0, doc="location")
    scale: Value = parameter(1.0, within=POSITIVE, doc="scale")

    def draw(self, ops, *noise):
        normal, *rest = noise
        log_chi2 = LOG_2 + log_standard_gamma(ops, 0.5 * self.df, rest)
        return self.loc + self.scale * normal * ops.exp(0.5 * (ops.log(self.df) - log_chi2))

    def log_density(self, ops, x):
        df = self.df
        z = ops.abs(x - self.loc) / self.scale
        log_norm = ops.lgamma(0.5 * (df + 1)) - ops.lgamma(0.5 * df) - 0.5 * (math.log(math.pi) + ops.log(df))
        return log_norm - ops.log(self.scale) - 0.5 * (df + 1) * log1p_square(ops, z / ops.sqrt(df))


def log1p_square(ops, z):
    """log(1 + z^2), for z so large too that the square overflows."""
    far = z > 1e4
    large = ops.where(far, z, 1.0)
    return ops.where(far, 2 * ops.log(large) + ops.log1p(1 / large / large), ops.log1p(ops.square(ops.where(far, 0.0, z))))
