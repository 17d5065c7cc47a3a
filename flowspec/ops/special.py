"""Special functions that not every interpreter has, as formulas over the vocabulary.

Accuracy: relative error below 1e-14 in float64 (tests/ops/test_special.py holds them to mpmath).
"""

from __future__ import annotations

import math

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def horner(x, coefficients):
    """c0 + x (c1 + x (c2 + ...))."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def lgamma(ops, x):
    raise NotImplementedError


def erfc(ops, x):
    raise NotImplementedError


def normal_quantile(ops, p):
    raise NotImplementedError
