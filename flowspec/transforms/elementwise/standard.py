"""The standard bijector from all real numbers onto an interval: for `Onto`, and for
trained and predicted parameters. And another one, that keeps edges and tails.

Source: torch.distributions.constraint_registry (`biject_to`): exp for half-lines, the
    logistic for bounded intervals.
"""

from __future__ import annotations

import math

from flowspec.support.support import Interval
from flowspec.transforms.elementwise.affine import Affine
from flowspec.transforms.elementwise.exp import Exp
from flowspec.transforms.elementwise.normal_cdf import NormalCDF
from flowspec.transforms.elementwise.pareto import NormalToPareto, ParetoTails
from flowspec.transforms.elementwise.sigmoid import Sigmoid
from flowspec.transforms.transform import Univariate


def from_real(target: Interval) -> tuple[Univariate, ...]:
    """Steps that take every real number onto the inside of an interval."""
    if math.isfinite(target.low) and math.isfinite(target.high):
        return (Sigmoid(), *affine(target.low, target.high - target.low))
    if math.isfinite(target.low):
        return (Exp(), *affine(target.low, 1.0))
    if math.isfinite(target.high):
        return (Exp(), *affine(target.high, -1.0))
    return ()


def from_normal(target: Interval) -> tuple[Univariate, ...]:
    """Steps that take normal numbers onto an interval, so that the density may have any height
    at its ends, and tails that are powers.
    """
    if math.isfinite(target.low) and math.isfinite(target.high):
        return (NormalCDF(), *affine(target.low, target.high - target.low))
    if math.isfinite(target.low):
        return (NormalToPareto(), *affine(target.low, 1.0))
    if math.isfinite(target.high):
        return (NormalToPareto(), *affine(target.high, -1.0))
    return (ParetoTails(),)


def affine(shift: float, scale: float) -> tuple[Univariate, ...]:
    """One affine step, or none where it would change nothing."""
    return () if (shift, scale) == (0.0, 1.0) else (Affine(shift, scale),)
