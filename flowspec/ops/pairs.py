"""Sums and products of two numbers with what rounding leaves out of them.

A pair stands for the sum of its two numbers: the nearest of the float type, and the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowspec.ops.array import Operand
from flowspec.ops.primitives import Primitives


class Pair(NamedTuple):
    """The number `nearest + rest`."""

    nearest: Operand
    rest: Operand = 0.0


def pair(ops: Primitives, value: Operand) -> Pair:
    """A value as it stands; a plain number as the float type of the formulas splits it."""
    if not isinstance(value, float):
        return Pair(value)
    nearest = float(ops.dtype.type(value))
    return Pair(nearest, value - nearest)


def plus(ops: Primitives, a: Pair, b: Pair) -> Pair:
    """a + b.

    Source: Møller, Quasi double-precision in floating point addition, 1965,
        doi:10.1007/BF01975722.
    """
    total = a.nearest + b.nearest
    of_b = total - a.nearest
    lost = (a.nearest - (total - of_b)) + (b.nearest - of_b)
    return _kept(ops, total, lost + (a.rest + b.rest))


def times(ops: Primitives, a: Pair, b: Pair) -> Pair:
    """a b, up to the product of the rests.

    Source: Dekker, A floating-point technique for extending the available precision, 1971,
        doi:10.1007/BF01397083.
    """
    product = a.nearest * b.nearest
    (a0, a1), (b0, b1) = _halves(ops, a.nearest), _halves(ops, b.nearest)
    lost = ((a0 * b0 - product) + a0 * b1 + a1 * b0) + a1 * b1
    return _kept(ops, product, lost + (a.nearest * b.rest + a.rest * b.nearest))


def over(ops: Primitives, a: Pair, b: Pair) -> Pair:
    """a / b, up to a rounding of the rest."""
    quotient = a.nearest / b.nearest
    back = times(ops, Pair(quotient), b)
    left = (a.nearest - back.nearest) - back.rest + a.rest
    return _kept(ops, quotient, left / b.nearest)


def minus(a: Pair) -> Pair:
    """-a."""
    return Pair(-a.nearest, -a.rest)


def _kept(ops: Primitives, nearest: Operand, rest: Operand) -> Pair:
    # Plain numbers are worked out in float64, whatever the float type.
    if isinstance(nearest, float) and isinstance(rest, float):
        return pair(ops, nearest + rest)
    return Pair(nearest, rest)


def _halves(ops: Primitives, value: Operand) -> tuple[Operand, Operand]:
    """Two numbers of half the digits, whose sum it is."""
    digits = np.finfo(ops.dtype).nmant + 1
    spread = value * float(2 ** ((digits + 1) // 2) + 1)
    upper = spread - (spread - value)
    return upper, value - upper
