"""The vocabulary over numpy: the float64 reference, and its float32 twin for parity.

Parameters are rounded to the float type before any formula sees them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowspec.ops import special
from flowspec.ops.vocabulary import Ops

_erfc = np.vectorize(math.erfc, otypes=[float])


def _quantile_of(p: float) -> float:
    from statistics import NormalDist  # with its fractions and decimals it is slow to import

    tails = {0.0: -math.inf, 1.0: math.inf}
    return NormalDist().inv_cdf(p) if 0 < p < 1 else tails.get(p, math.nan)


_normal_quantile = np.vectorize(_quantile_of, otypes=[float])


def plain(*values: Any) -> bool:
    """True if all are plain Python numbers. numpy's own scalars are not: they have a
    float type to keep.
    """
    return all(
        isinstance(value, int | float) and not isinstance(value, np.generic) for value in values
    )


def _lifted(function: Callable[..., Any]) -> Any:
    """The function of numpy, but plain numbers give a plain number, which widens no
    float32 array that it meets.
    """

    def lifted(*values: Any) -> Any:
        result = function(*values)
        return np.asarray(result).item() if plain(*values) else result

    return staticmethod(lifted)


def _sigmoid(x: Any) -> Any:
    # exp(-|x|) never overflows; 1 - 1/(1+e) would lose the lower tail.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _power(x: Any, exponent: Any) -> Any:
    # Whole numbers to a negative whole power are an error in numpy.
    return np.power(x, float(exponent) if isinstance(exponent, int) else exponent)


class NumpyOps(Ops):
    """Runs formulas at once on numpy arrays of one float type."""

    def __init__(self, dtype: DTypeLike = np.float64, data_dtype: DTypeLike | None = None):
        """`data_dtype`: the float type that points came in, where it is another."""
        self.dtype = np.dtype(dtype)
        self._data_dtype = self.dtype if data_dtype is None else np.dtype(data_dtype)

    @property
    def data_dtype(self) -> np.dtype[Any]:
        return self._data_dtype

    def constant(self, value: NDArray[Any], name: str = "") -> Any:
        return np.asarray(value, self.dtype)

    exp = _lifted(np.exp)
    log = _lifted(np.log)
    log1p = _lifted(np.log1p)
    expm1 = _lifted(np.expm1)
    sqrt = _lifted(np.sqrt)
    abs = _lifted(np.abs)
    sign = _lifted(np.sign)
    floor = _lifted(np.floor)
    sin = _lifted(np.sin)
    cos = _lifted(np.cos)
    tan = _lifted(np.tan)
    asin = _lifted(np.arcsin)
    acos = _lifted(np.arccos)
    atan = _lifted(np.arctan)
    sinh = _lifted(np.sinh)
    asinh = _lifted(np.arcsinh)
    tanh = _lifted(np.tanh)
    atanh = _lifted(np.arctanh)
    isinf = _lifted(np.isinf)
    maximum = _lifted(np.maximum)
    minimum = _lifted(np.minimum)
    sigmoid = _lifted(_sigmoid)
    softplus = _lifted(_softplus)
    power = _lifted(_power)

    def exchange(self, x: Any) -> Any:
        return np.swapaxes(x, 0, 1)

    def matmul(self, matrix: Any, x: Any) -> Any:
        return np.matmul(matrix, x)

    def combine(self, matrix: Any, x: Any) -> Any:
        return np.matmul(matrix, x.reshape(x.shape[0], -1)).reshape(matrix.shape[0], *x.shape[1:])

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        if plain(condition, a, b):
            return a if condition else b
        return np.where(condition, self._data(a), self._data(b))

    def _data(self, x: Any) -> Any:
        """A plain number in the float type of the data, so that it does not widen what it
        meets.
        """
        return self.dtype.type(x) if plain(x) else x

    def sum(self, x: Any) -> Any:
        return np.sum(x, axis=0)

    def cumsum(self, x: Any) -> Any:
        return np.cumsum(x, axis=0)

    def logsumexp(self, x: Any) -> Any:
        top = np.max(x, axis=0)
        safe = np.where(np.isinf(top), self._data(0.0), top)
        return np.log(np.sum(np.exp(x - safe), axis=0)) + safe

    def any(self, condition: Any) -> Any:
        return np.any(condition, axis=0)

    def concat(self, parts: Sequence[Any]) -> Any:
        batch = np.broadcast_shapes(*(part.shape[-1:] for part in parts))
        return np.concatenate([np.broadcast_to(part, part.shape[:-1] + batch) for part in parts])

    def stack(self, parts: Sequence[Any]) -> Any:
        return np.stack(np.broadcast_arrays(*(self._data(part) for part in parts)))

    def take(self, x: Any, indices: Sequence[int]) -> Any:
        return x[np.asarray(indices, dtype=np.int64)]

    def take_along(self, x: Any, index: Any) -> Any:
        x = np.broadcast_to(x, x.shape[:1] + np.broadcast_shapes(x.shape[1:], index.shape))
        return np.take_along_axis(x, np.broadcast_to(index, x.shape[1:])[None], axis=0)[0]

    def unflatten(self, x: Any, sizes: tuple[int, ...]) -> Any:
        return x.reshape(*sizes, *x.shape[1:])

    def solve(self, matrix: Any, x: Any) -> Any:
        # The inverse in float64, rounded once: what a graph does too.
        return np.matmul(np.linalg.inv(np.asarray(matrix, np.float64)).astype(self.dtype), x)

    def log_abs_det(self, matrix: Any) -> Any:
        return self.dtype.type(np.linalg.slogdet(np.asarray(matrix, np.float64))[1])

    def number(self, condition: Any) -> Any:
        return float(condition) if plain(condition) else np.asarray(condition, self.dtype)

    def to_index(self, x: Any) -> Any:
        return np.asarray(x).astype(np.int64)

    def log_gamma_gradient(self, concentration: Any, log_x: Any) -> Any:
        return log_x

    def whole(self, value: Any) -> Any:
        return np.asarray(value, np.int64)

    def low_word(self, x: Any) -> Any:
        return x & 0xFFFFFFFF

    def high_word(self, x: Any) -> Any:
        return (x >> 32) & 0xFFFFFFFF

    def low_bits(self, x: Any, count: int) -> Any:
        return x & ((1 << count) - 1)

    def without_bits(self, x: Any, count: int) -> Any:
        return x >> count

    def xor(self, a: Any, b: Any) -> Any:
        return a ^ b

    def to_float(self, x: Any) -> Any:
        return x.astype(self.dtype)

    def lgamma(self, x: Any) -> Any:
        # math.lgamma is an error at 0, and loses digits near 1 and 2.
        return self._rounded(special.lgamma(REFERENCE, np.asarray(x, np.float64)), x)

    def digamma(self, x: Any) -> Any:
        return self._rounded(special.digamma(REFERENCE, np.asarray(x, np.float64)), x)

    def erfc(self, x: Any) -> Any:
        return self._rounded(_erfc(x), x)

    def normal_quantile(self, p: Any) -> Any:
        return self._rounded(_normal_quantile(p), p)

    @staticmethod
    def _rounded(result: Any, like: Any) -> Any:
        return float(result) if plain(like) else result.astype(like.dtype)


REFERENCE = NumpyOps(np.float64)
"""The interpreter that every other result is held against."""
