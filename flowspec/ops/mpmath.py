"""The vocabulary over numpy arrays of mpmath numbers: 50 digits, the accuracy oracle of the tests."""

from __future__ import annotations

import mpmath
import numpy as np

from flowspec.ops.numpy import NumpyOps


def _each(function):
    """A function of one mpmath number, applied to every entry (or to a plain number)."""
    vectorised = np.frompyfunc(lambda x: function(mpmath.mpf(x)), 1, 1)
    return staticmethod(lambda x: vectorised(x))



def _softplus(x):
    return x + mpmath.log1p(mpmath.exp(-x)) if x > 0 else mpmath.log1p(mpmath.exp(x))


def _normal_quantile(p):
    # From the lower tail: 2p - 1 would lose the digits of a tiny p.
    if p > 0.5:
        return -_normal_quantile(1 - p)
    start = mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1) if p > 1e-10 else -mpmath.sqrt(-2 * mpmath.log(p))
    return mpmath.findroot(lambda x: mpmath.log(mpmath.ncdf(x)) - mpmath.log(p), start)


class MpmathOps(NumpyOps):
    """Runs formulas at `mpmath.mp.dps` digits; arrays hold mpmath numbers.

    `dtype` stays float64: the supports' ends are those that the reference sees.
    """

    def constant(self, value):
        return _to_mpf(np.asarray(value, float))

    exp = _each(mpmath.exp)
    log = _each(lambda x: mpmath.log(x) if x != 0 else mpmath.mpf("-inf"))
    log1p = _each(mpmath.log1p)
    expm1 = _each(mpmath.expm1)
    sqrt = _each(mpmath.sqrt)
    abs = _each(abs)
    sign = _each(mpmath.sign)
    floor = _each(mpmath.floor)
    sin = _each(mpmath.sin)
    cos = _each(mpmath.cos)
    tan = _each(mpmath.tan)
    asin = _each(mpmath.asin)
    acos = _each(mpmath.acos)
    atan = _each(mpmath.atan)
    sinh = _each(mpmath.sinh)
    asinh = _each(mpmath.asinh)
    tanh = _each(mpmath.tanh)
    atanh = _each(mpmath.atanh)
    sigmoid = _each(lambda x: 1 / (1 + mpmath.exp(-x)))
    softplus = _each(_softplus)
    lgamma = _each(mpmath.loggamma)
    erfc = _each(mpmath.erfc)
    normal_cdf = _each(mpmath.ncdf)
    normal_quantile = _each(_normal_quantile)

    def isinf(self, x):
        return np.frompyfunc(mpmath.isinf, 1, 1)(x).astype(bool)

    def power(self, x, exponent):
        return np.frompyfunc(mpmath.power, 2, 1)(x, exponent)

    def logsumexp(self, x):
        return self.log(np.sum(self.exp(x), axis=0))

    def number(self, condition):
        return _to_mpf(np.asarray(condition, float))

    def where(self, condition, a, b):
        return np.where(np.asarray(condition, bool), a, b)

    def to_index(self, x):
        return np.asarray(x, float).astype(np.int64)

    def _data(self, x):
        return mpmath.mpf(x) if isinstance(x, int | float) else x


_to_mpf = np.frompyfunc(mpmath.mpf, 1, 1)


def exact(array) -> np.ndarray:
    """A float array as mpmath numbers, digit for digit."""
    return np.asarray(_to_mpf(np.asarray(array, float)), dtype=object)
