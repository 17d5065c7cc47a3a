"""Student's t distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import Coordinatewise
from flowspec.bases.gamma import GAMMA_DRAWS, log_standard_gamma
from flowspec.ops import Ops
from flowspec.ops.asymptotic import stirling_error
from flowspec.ops.special import HALF_LOG_2PI
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import POSITIVE


@dataclass(frozen=True, eq=False)
class StudentT(Coordinatewise):
    """(1 + z^2 / df)^(-(df + 1) / 2), normalized, z = (x - loc) / scale.

    Source: torch.distributions.StudentT.

    Sampled as a normal over the root of a gamma draw: the error in total variation is
    below 4e-11.
    """

    draws = ("normal", *GAMMA_DRAWS)
    examples = (
        "StudentT(3)",
        "StudentT([1, 5, 50], 1, 2)",
        "StudentT(learn(3), learn(0.5), learn(2))[2]",
    )

    df: Value = parameter(within=POSITIVE, doc="degrees of freedom: small for heavy tails")
    loc: Value = parameter(0.0, doc="location")
    scale: Value = parameter(1.0, within=POSITIVE, doc="scale")

    def draw(self, ops: Ops, noise: Array) -> Array:
        half = 0.5 * self.df
        log_ratio = ops.log(half) - log_standard_gamma(ops, half, noise[1:])
        return self.loc + self.scale * noise[0] * ops.exp(0.5 * log_ratio)

    def log_density(self, ops: Ops, x: Array) -> Array:
        z = ops.abs(x - self.loc) / self.scale
        tail = 0.5 * (self.df + 1) * log1p_square(ops, z / ops.sqrt(self.df))
        return self._log_norm(ops) - ops.log(self.scale) - tail

    def _log_norm(self, ops: Ops) -> Array:
        """log(Gamma(h + 1/2) / (Gamma(h) sqrt(2 pi h))), h = df / 2, without the large
        terms of the two that cancel.
        """
        half = 0.5 * self.df
        errors = stirling_error(ops, half + 0.5) - stirling_error(ops, half)
        return half * ops.log1p(0.5 / half) - 0.5 - HALF_LOG_2PI + errors


def log1p_square(ops: Ops, z: Array) -> Array:
    """log(1 + z^2), for z so large too that the square overflows."""
    far = z > 1e4
    large = ops.where(far, z, 1.0)
    return ops.where(
        far,
        2 * ops.log(large) + ops.log1p(1 / large / large),
        ops.log1p(ops.square(ops.where(far, 0.0, z))),
    )
