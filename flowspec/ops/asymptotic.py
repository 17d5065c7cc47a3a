"""Functions of densities by their asymptotic expansions: the rest of log Gamma, and the
Bessel function I0.
"""

from __future__ import annotations

import math

from flowspec.ops.special import HALF_LOG_2PI, fitted, horner, stirling_series
from flowspec.ops.vocabulary import Array, Operand, Ops

# I0(x) = sum of (x / 2)^2k / k!^2, in (x / 12)^2 for x <= 12; and for x >= 12 sqrt(2 pi x) exp(-x)
# I0(x) as a polynomial in t = 24 / x - 1, a Chebyshev fit at 50 digits. Largest relative errors
# 1e-17 and 7e-17; in float32 2e-8 and 4e-10.
_BESSEL_NEAR = tuple(36.0**k / math.factorial(k) ** 2 for k in range(26))
_BESSEL_FAR_SINGLE = (
    1.0053360721282396,
    0.005469884650671166,
    0.00014032788607228983,
    7.011159859568862e-06,
    5.580830520988922e-07,
    6.255895345256594e-08,
)
_BESSEL_FAR_DOUBLE = (
    1.0053360718329294, 0.005469884440227808, 0.00014033314613798187, 7.012811534945584e-06,
    5.443405236304143e-07, 5.9377858909773675e-08, 8.632468609371063e-09, 1.625998585606062e-09,
    3.8744896053074784e-10, 1.1497392838221203e-10, 5.580440192899614e-11, 3.878575027999087e-11,
    1.1270904365942039e-11, -7.632006396677044e-12, -5.440565380591913e-12, -6.045378035568322e-13,
)  # fmt: skip


def stirling_error(ops: Ops, x: Operand) -> Array:
    """log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), x > 0: near 1 / (12 x) for
    large x.

    In densities the other terms of log Gamma cancel against the rest; left to rounding
    they would take its digits along.
    """
    far = x >= 3
    near = ops.where(far, 1.0, x)
    small = ops.lgamma(near) - ((near - 0.5) * ops.log(near) - near + HALF_LOG_2PI)
    return ops.where(far, stirling_series(ops, x), small)


def log_quotient(ops: Ops, excess: Operand, centre: Operand, far: Operand) -> Array:
    """log(1 + excess / centre), centre > 0, from `far`, the same logarithm computed
    otherwise, unless excess is small.
    """
    near = ops.abs(excess) < 0.5 * centre
    return ops.where(near, ops.log1p(ops.where(near, excess / centre, 0.0)), far)


def log_bessel_i0(ops: Ops, x: Operand) -> Array:
    """log(exp(-x) I0(x)) for x >= 0: the power series of I0 up to 12, a polynomial in 1 /
    x times exp(x) / sqrt(x) beyond.

    Source: Abramowitz and Stegun, 9.6.12 and 9.7.1.
    """
    far = x > 12
    near_x, far_x = ops.minimum(x, 12.0), ops.maximum(x, 12.0)
    # Every term of the series is positive: nothing cancels.
    series = horner(ops.square(near_x / 12), fitted(ops, _BESSEL_NEAR[:18], _BESSEL_NEAR))
    tail = horner(24 / far_x - 1, fitted(ops, _BESSEL_FAR_SINGLE, _BESSEL_FAR_DOUBLE))
    return ops.log(ops.where(far, tail, series)) - ops.where(
        far, 0.5 * ops.log(2 * math.pi * far_x), near_x
    )
