"""Mixtures of normal distributions made normal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.transforms.splines.searched import Function, Searched, spread

LIMIT = 10.0
"""The absolute value from which on the function is linear."""


def _components(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.components, *event)


@dataclass(frozen=True, eq=False)
class Gaussianization(Searched):
    """y = Q(p (1 - shrink) + shrink / 2), p = mean_k Phi(x exp(log_scale_k) + shift_k), Q
    the quantile of the normal Phi.

    Beyond |x| = 10, where y has nearly reached its limit Q(shrink / 2), it goes on with
    slope 1, so that every real number comes out.
    Slope: (1 - shrink) mean_k exp(log_scale_k) phi(x exp(log_scale_k) + shift_k) /
        phi(y).
    Source: Gaussianization Flows, Meng et al., 2020, arXiv:2003.01941;
        zuko.transforms.GaussianizationTransform.
    """

    examples = ("Gaussianization(components=3)", "Gaussianization(2, [-1, 0.5], [0.3, -0.2])")

    components: int = setting(
        8, low=1, high=256, doc="number of normal distributions in the mixture"
    )
    shift: Value = parameter(
        Learn(0.0), shape=_components, by_row=False, doc="one for each component"
    )
    log_scale: Value = parameter(
        Learn(0.0), shape=_components, by_row=False, doc="one for each component"
    )
    shrink: float = setting(
        1e-6,
        kind=float,
        low=1e-6,
        high=1e-2,
        doc="share of the probability that is kept off the ends",
    )

    @property
    def limit(self) -> float:
        return LIMIT

    def end_slope(self, ops: Ops, log_slope: Array) -> Array:
        return 0.0 * log_slope

    def prepared(self, ops: Ops, like: Array) -> Function:
        shift = spread(ops, self.shift, (self.components,), like)
        log_scale = spread(ops, self.log_scale, (self.components,), like)
        scale = ops.exp(log_scale)

        def function(x: Array) -> tuple[Array, Array]:
            t = x[None] * scale + shift
            # The nearer tail keeps its digits.
            upper = ops.sum(t) > 0.0
            tail = ops.sum(ops.normal_cdf(ops.where(upper, -t, t))) * (1.0 / self.components)
            kept = tail * (1.0 - self.shrink) + 0.5 * self.shrink
            quantile = ops.normal_quantile(ops.minimum(kept, 1.0 - 0.5 * self.shrink))
            y = ops.where(upper, -quantile, quantile)
            density = (
                ops.logsumexp(log_scale - 0.5 * t * t)
                - math.log(self.components)
                + math.log1p(-self.shrink)
            )
            return y, density + 0.5 * y * y

        return function
