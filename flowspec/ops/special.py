"""Special functions that not every interpreter has, as formulas over the vocabulary.

Accuracy against 50 digits (tests/ops/test_special.py holds them to it): relative error of a few units
in the last place, in float32 and in float64, in both tails.
"""

from __future__ import annotations

import math

import numpy as np

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
LARGEST_ERFC = 26.5
"""erfc is below the smallest float64 from here on."""

# (1 + 2x) exp(x^2) erfc(x) for x >= 0 as a polynomial in t = (x - 3.75) / (x + 3.75): smooth and bounded, so one
# polynomial serves the whole half-line. The form is that of Shepherd and Laframboise (1981), doi:10.2307/2007746;
# the coefficients are a Chebyshev fit at 60 digits.
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

# log of the gamma function by Stirling's series, B_2k / (2k (2k - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
_SHIFT = 8

# Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution (1988), doi:10.2307/2347330, PPND16.
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def horner(x, coefficients):
    """c0 + x (c1 + x (c2 + ...))."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def lgamma(ops, x):
    """log Gamma(x) for x > 0: Stirling's series at x + 8, brought back by log(x (x+1) ... (x+7))."""
    # Far out the product would overflow, and needs no shift.
    far = x > 1e4
    near_x = ops.where(far, 1.0, x)
    product = near_x
    for shift in range(1, _SHIFT):
        product = product * (near_x + shift)
    z = ops.where(far, x, near_x + _SHIFT)
    series = horner(1 / (z * z), _STIRLING) / z
    stirling = (z - 0.5) * ops.log(z) - z + HALF_LOG_2PI + series
    return stirling - ops.where(far, 0.0, ops.log(product))


def erfc(ops, x):
    """1 - erf(x), with full relative accuracy for large x."""
    size = ops.minimum(ops.abs(x), LARGEST_ERFC)
    coefficients = _ERFC_SINGLE if ops.dtype == np.float32 else _ERFC_DOUBLE
    scaled = horner((size - 3.75) / (size + 3.75), coefficients) / (1 + 2 * size)
    # exp(-size^2) in two factors: the square of `head` is exact, so that large arguments lose no digits.
    head = ops.floor(size * 16) * 0.0625
    upper = scaled * ops.exp(-head * head) * ops.exp((head - size) * (head + size))
    return ops.where(x < 0, 2 - upper, upper)


def normal_quantile(ops, p):
    """The x at which the standard normal distribution function is p, for 0 < p < 1."""
    centred = p - 0.5
    lower = ops.minimum(p, 1 - p)
    central = ops.abs(centred) <= 0.425
    square = ops.where(central, 0.180625 - centred * centred, 0.0)
    centre = centred * _ratio(square, _CENTRE)
    root = ops.sqrt(-ops.log(ops.where(central, 0.05, lower)))
    far = root > 5
    tail = ops.where(far, _ratio(ops.where(far, root - 5, 0.0), _FAR_TAIL), _ratio(ops.where(far, 0.0, root - 1.6), _TAIL))
    return ops.where(central, centre, ops.sign(centred) * tail)


def _ratio(x, coefficients):
    above, below = coefficients
    return horner(x, above) / horner(x, below)
