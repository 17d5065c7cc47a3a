"""The vocabulary over numpy: the float64 reference, and its float32 twin for parity.

Parameters are rounded to the float type before any formula sees them.
"""

from __future__ import annotations

import math
import statistics

import numpy as np

from flowspec.ops.vocabulary import Ops

_erfc = np.vectorize(math.erfc, otypes=[float])
_lgamma = np.vectorize(math.lgamma, otypes=[float])
_normal_quantile = np.vectorize(lambda p: statistics.NormalDist().inv_cdf(p) if 0 < p < 1 else _tail(p), otypes=[float])


def _tail(p: float) -> float:
    return {0.0: -math.inf, 1.0: math.inf}.get(p, math.nan)


def _shared(parts):
    """The parts, broadcast to one shape."""
    return np.broadcast_arrays(*parts)


class NumpyOps(Ops):
    """Runs formulas at once on numpy arrays of one float type."""

    def __init__(self, dtype=np.float64):
        self.dtype = np.dtype(dtype)

    def constant(self, value):
        return np.asarray(value, self.dtype)

    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    expm1 = staticmethod(np.expm1)
    sqrt = staticmethod(np.sqrt)
    abs = staticmethod(np.abs)
    sign = staticmethod(np.sign)
    floor = staticmethod(np.floor)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    tan = staticmethod(np.tan)
    asin = staticmethod(np.arcsin)
    acos = staticmethod(np.arccos)
    atan = staticmethod(np.arctan)
    sinh = staticmethod(np.sinh)
    asinh = staticmethod(np.arcsinh)
    tanh = staticmethod(np.tanh)
    atanh = staticmethod(np.arctanh)
    isinf = staticmethod(np.isinf)
    power = staticmethod(np.power)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    matmul = staticmethod(np.matmul)

    def sigmoid(self, x):
        # exp(-|x|) never overflows; 1 - 1/(1+e) would lose the lower tail.
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small))

    def softplus(self, x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def where(self, condition, a, b):
        return np.where(condition, self._data(a), self._data(b))

    def _data(self, x):
        """A plain number in the float type of the data, so that it does not widen what it meets."""
        return self.dtype.type(x) if isinstance(x, int | float) else x

    def sum(self, x):
        return np.sum(x, axis=0)

    def cumsum(self, x):
        return np.cumsum(x, axis=0)

    def logsumexp(self, x):
        top = np.max(x, axis=0)
        safe = np.where(np.isneginf(top), self._data(0.0), top)
        return np.log(np.sum(np.exp(x - safe), axis=0)) + safe

    def any(self, condition):
        return np.any(condition, axis=0)

    def concat(self, parts):
        batch = np.broadcast_shapes(*(part.shape[-1:] for part in parts))
        return np.concatenate([np.broadcast_to(part, part.shape[:-1] + batch) for part in parts])

    def stack(self, parts):
        return np.stack(_shared([self._data(part) for part in parts]))

    def take(self, x, indices):
        return x[np.asarray(indices, dtype=np.int64)]

    def take_along(self, x, index):
        x = np.broadcast_to(x, x.shape[:1] + np.broadcast_shapes(x.shape[1:], index.shape))
        return np.take_along_axis(x, np.broadcast_to(index, x.shape[1:])[None], axis=0)[0]

    def unflatten(self, x, sizes):
        return x.reshape(*sizes, *x.shape[1:])

    def number(self, condition):
        return np.asarray(condition, self.dtype)

    def to_index(self, x):
        return np.asarray(x).astype(np.int64)

    def gamma_gradient(self, concentration, x):
        return x

    def whole(self, value):
        return np.asarray(value, np.int64)

    def low_word(self, x):
        return x & 0xFFFFFFFF

    def high_word(self, x):
        return (x >> 32) & 0xFFFFFFFF

    xor = staticmethod(np.bitwise_xor)

    def to_float(self, x):
        return x.astype(self.dtype)

    def lgamma(self, x):
        return self._rounded(_lgamma(x), x)

    def erfc(self, x):
        return self._rounded(_erfc(x), x)

    def normal_quantile(self, p):
        return self._rounded(_normal_quantile(p), p)

    @staticmethod
    def _rounded(result, like):
        return result.astype(like.dtype) if isinstance(like, np.ndarray | np.generic) else float(result)


REFERENCE = NumpyOps(np.float64)
"""The interpreter that every other result is held against."""
