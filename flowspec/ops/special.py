"""Special functions that not every interpreter has, as formulas over the vocabulary.

Accuracy against 50 digits (tests/ops/test_special.py holds them to it): relative error of
a few units in the last place, in float32 and in float64, in both tails.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from flowspec.ops.array import Array, Operand
from flowspec.ops.primitives import Primitives

Fit = TypeVar("Fit")
"""Coefficients, however many."""

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
LARGEST_ERFC = 28.0
"""From here on erfc rounds to 0 in float64."""

# (1 + 2x) exp(x^2) erfc(x) for x >= 0 as a polynomial in t = (x - 3.75) / (x + 3.75): smooth and
# bounded, so one polynomial serves the whole half-line. The form is that of Shepherd and
# Laframboise (1981), doi:10.2307/2007746; the coefficients are a Chebyshev fit at 60 digits.
_ERFC_SINGLE = (
    1.2375126184625718,
    -0.14024060801000693,
    0.003586310101688852,
    0.08227741756036867,
    -0.10881458496174144,
    0.092296367961203,
    -0.0586459828677125,
    0.02839648212065827,
    -0.009845491094959295,
    0.0016886622311156746,
    0.0003967046382800549,
    -0.00022874723359084774,
)
_ERFC_DOUBLE = (
    1.2375126308378275,
    -0.14024059858554522,
    0.0035854154854663067,
    0.08227673848999159,
    -0.10880393014193915,
    0.09230432116435616,
    -0.058693398584491845,
    0.028362277371370044,
    -0.00974657962081509,
    0.0017556261692276722,
    0.00029371408777227685,
    -0.0002901553656394713,
    5.164737123871838e-05,
    2.238759272534769e-05,
    -1.143961526007595e-05,
    -9.79297529099823e-07,
    1.7438577411359181e-06,
    -5.0816911811698186e-08,
    -2.4996538037405243e-07,
    1.8778501156468795e-08,
    3.256499083798513e-08,
    -1.952790162974837e-09,
    -2.7293941332533855e-09,
)

# log Gamma(1 + t) / (t (t - 1)) for 0 <= t <= 2: the zeros at t = 0 and t = 1 are taken out, so
# that nothing cancels near them. And Stirling's correction z (log Gamma(z) - (z - 1/2) log z + z -
# log(2 pi) / 2) in 1/z^2 for z >= 3, which the usual asymptotic series would reach only from z = 8
# on. All are rational interpolants at Chebyshev points, found with 60 digits; largest relative
# errors 1.4e-8, 1.0e-16, 2.5e-7 (weight 0.04) and 7.6e-16 (weight 0.04).
_NEAR_SINGLE = (
    (
        0.5772156558764739,
        0.6489242140026935,
        0.16443199384691726,
        0.0041370174200560765,
        -9.427363392889908e-05,
    ),
    (1.0, 1.5491176705401426, 0.673800572443747, 0.07572480888169994),
)
_NEAR_DOUBLE = (
    (0.5772156649015329, 1.6573859915112124, 1.8195310986608273, 0.9583772627767942,
     0.2489515203019172,
     0.02934996892711011, 0.0012144645025018563, 5.152191194029259e-06, -3.4387534246231254e-08),
    (1.0, 3.2962330645658335, 4.283498617926743, 2.7922148253073, 0.961953097690663,
     0.1693844804533058, 0.013462840310043222, 0.00034666036878764635),
)  # fmt: skip
_STIRLING_SINGLE = ((0.08333331256291478, -0.0027743867241490578, 0.0007085910531350363), (1.0,))
_STIRLING_DOUBLE = (
    (
        0.08333333333333326,
        0.6998240164053198,
        1.4475495319750598,
        0.7401533079759969,
        0.047949044061082816,
    ),
    (1.0, 8.431221530195907, 17.642111292169787, 9.39675554873276, 0.7707173798157785),
)

# Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution (1988),
# doi:10.2307/2347330: PPND7 and PPND16, as ratios for the centre, the tails and the far tails.
_QUANTILE_SINGLE = (
    (
        (3.3871327179e0, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1),
        (1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1),
    ),
    (
        (1.4234372777e0, 2.7568153900e0, 1.3067284816e0, 1.7023821103e-1),
        (1.0, 7.3700164250e-1, 1.2021132975e-1),
    ),
    (
        (6.6579051150e0, 3.0812263860e0, 4.2868294337e-1, 1.7337203997e-2),
        (1.0, 2.4197894225e-1, 1.2258202635e-2),
    ),
)
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4,
     2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
     7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
     2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip
_QUANTILE_DOUBLE = (_CENTRE, _TAIL, _FAR_TAIL)


def horner(x: Operand, coefficients: Sequence[float]) -> Operand:
    """c0 + x (c1 + x (c2 + ...))."""
    total: Operand = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def _ratio(x: Operand, polynomials: tuple[Sequence[float], Sequence[float]]) -> Operand:
    above, below = polynomials
    return horner(x, above) / horner(x, below)


def fitted(ops: Primitives, single: Fit, double: Fit) -> Fit:
    """The coefficients that serve the digits of the data."""
    return single if ops.dtype == np.float32 else double


def lgamma(ops: Primitives, x: Operand) -> Array:
    """log Gamma(x), x > 0: log Gamma(1 + x) - log x below 1, log Gamma(1 + (x - 1)) to 3,
    Stirling's formula beyond."""
    log_x = ops.log(x)
    below = x < 1
    t = ops.minimum(ops.where(below, x, x - 1), 2.0)
    near = t * (t - 1) * _ratio(t, fitted(ops, _NEAR_SINGLE, _NEAR_DOUBLE)) - ops.where(
        below, log_x, 0.0
    )
    # x log x - x would be inf - inf at infinity.
    stirling = (x - 0.5) * (log_x - 1) + (stirling_series(ops, x) + (HALF_LOG_2PI - 0.5))
    return ops.where(x >= 3, stirling, near)


def stirling_series(ops: Primitives, x: Operand) -> Operand:
    """`stirling_error` for x >= 3."""
    r = 1 / ops.maximum(x, 3.0)
    return r * _ratio(r * r, fitted(ops, _STIRLING_SINGLE, _STIRLING_DOUBLE))


def log_erfc(ops: Primitives, x: Operand) -> tuple[Array, Array]:
    """-log(erfc(x)) and -log(exp(x^2) erfc(x)) for x >= 0, also where erfc rounds to 0."""
    rest = -ops.log(_scaled_erfc(ops, x))
    return x * x + rest, rest


def _scaled_erfc(ops: Primitives, size: Operand) -> Operand:
    """exp(x^2) erfc(x), for x >= 0."""
    coefficients = fitted(ops, _ERFC_SINGLE, _ERFC_DOUBLE)
    return horner((size - 3.75) / (size + 3.75), coefficients) / (1 + 2 * size)


def erfc(ops: Primitives, x: Operand) -> Array:
    """1 - erf(x), with full relative accuracy for large x."""
    size = ops.minimum(ops.abs(x), LARGEST_ERFC)
    scaled = _scaled_erfc(ops, size)
    # exp(-size^2) in two factors: the square of `head` is exact, so that large arguments lose no
    # digits.
    head = ops.floor(size * 16) * 0.0625
    upper = scaled * ops.exp(-head * head) * ops.exp((head - size) * (head + size))
    return ops.where(x < 0, 2 - upper, upper)


def normal_quantile(ops: Primitives, p: Operand) -> Array:
    """The x at which the standard normal distribution function is p, for 0 < p < 1."""
    centred = p - 0.5
    lower = ops.minimum(p, 1 - p)
    central = ops.abs(centred) <= CENTRAL
    tail = _normal_tail(ops, -ops.log(ops.where(central, 0.05, lower)))
    return ops.where(central, _normal_centre(ops, centred), ops.sign(centred) * tail)


CENTRAL = 0.425
"""Shares no farther than this from a half are in the centre of the normal distribution."""


def normal_of_exponential(ops: Primitives, t: Operand) -> Array:
    """The x beyond which the standard normal distribution has the share exp(-t), for t > 0.

    Accurate at both ends: where exp(-t) rounds to 1, and where it rounds to 0.
    """
    below = -ops.expm1(-t)
    centred = below - 0.5
    central, upper = ops.abs(centred) <= CENTRAL, centred > 0
    rare = ops.where(upper, t, -ops.log(ops.where(central | upper, 0.05, below)))
    tail = _normal_tail(ops, ops.where(central, 3.0, rare))
    return ops.where(central, _normal_centre(ops, centred), ops.where(upper, tail, -tail))


def _normal_centre(ops: Primitives, centred: Operand) -> Operand:
    """The quantile of a share from its difference to a half, no larger than `CENTRAL`."""
    centre = fitted(ops, _QUANTILE_SINGLE, _QUANTILE_DOUBLE)[0]
    return centred * _ratio(ops.maximum(0.180625 - centred * centred, 0.0), centre)


def _normal_tail(ops: Primitives, rare: Operand) -> Array:
    """The number beyond which lies the share exp(-rare)."""
    _, tail, far_tail = fitted(ops, _QUANTILE_SINGLE, _QUANTILE_DOUBLE)
    root = ops.sqrt(rare)
    near, far = (
        _ratio(ops.minimum(root, 5.0) - 1.6, tail),
        _ratio(ops.maximum(root, 5.0) - 5.0, far_tail),
    )
    return ops.where(root > 5, far, near)


# Terms of the asymptotic series of psi(z) - log(z) + 1 / (2z), in 1 / z^2, of DLMF 5.11.2. From
# z = 10 on, what is left out is below the last digit of float64.
_DIGAMMA_SERIES = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)
_DIGAMMA_FROM = 10


def digamma(ops: Primitives, x: Operand) -> Array:
    """The derivative of log Gamma, for x > 0: by the recurrence up to where a series holds."""
    below: Operand = 1.0 / x
    for step in range(1, _DIGAMMA_FROM):
        below = below + 1.0 / (x + float(step))
    z = x + float(_DIGAMMA_FROM)
    inverse = 1.0 / z
    square = inverse * inverse
    return ops.log(z) - 0.5 * inverse + square * horner(square, _DIGAMMA_SERIES) - below
