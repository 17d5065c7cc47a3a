"""The vocabulary over numpy arrays of mpmath numbers: many digits, the accuracy oracle of
the tests.

Each oracle owns its precision: no global state of mpmath is read or set. Functions give
NaN off their domain and infinity at their poles, as floats do, where mpmath would turn
complex or raise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from flowspec.ops.numpy import NumpyOps

_SAME_NAME = (
    *(
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "sign",
        "floor",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
    ),
    *("sinh", "asinh", "tanh", "atanh", "sigmoid", "softplus", "erfc", "normal_quantile"),
    "digamma",
)
_OTHER_NAME = {"abs": "fabs", "lgamma": "loggamma", "normal_cdf": "ncdf"}


def _each(function: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    """A function of single numbers, applied to every entry of arrays (or to plain
    numbers).
    """
    vectorised = np.frompyfunc(function, count, 1)

    def each(*values: Any) -> Any:
        # Comparing a NaN sets a flag of the processor, of which numpy would warn.
        with np.errstate(all="ignore"):
            return vectorised(*values)

    return each


class MpmathOps(NumpyOps):
    """Runs formulas with the given number of digits; arrays hold mpmath numbers.

    `dtype` is float64: the supports' ends are those that the reference sees.
    """

    def __init__(self, digits: int = 50):
        super().__init__(np.float64)
        self.context = _context(digits)
        self._numbers = _each(self._number)
        for name in (*_SAME_NAME, *_OTHER_NAME):
            function = getattr(self.context, _OTHER_NAME.get(name, name))
            setattr(self, name, _each(self._guarded(function)))
        for name, choose in (("maximum", max), ("minimum", min)):
            setattr(self, name, _each(self._extreme(choose), 2))

    def _number(self, x: Any) -> Any:
        """A float as an mpmath number, digit for digit."""
        return self.context.mpf(x if hasattr(x, "_mpf_") else float(x))

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*values: Any) -> Any:
            try:
                result = function(*map(self._number, values))
            except ValueError:  # the poles of the gamma function
                return self.context.inf
            return result if isinstance(result, self.context.mpf) else self.context.nan

        return guarded

    def _extreme(self, choose: Callable[..., Any]) -> Callable[..., Any]:
        def extreme(*values: Any) -> Any:
            numbers = [self._number(value) for value in values]
            return self.context.nan if any(map(self.context.isnan, numbers)) else choose(numbers)

        return extreme

    def constant(self, value: NDArray[Any], name: str = "") -> Any:
        return np.asarray(self._numbers(np.asarray(value)), object)

    def isinf(self, x: Any) -> Any:
        infinite = _each(self.context.isinf)(x)
        return infinite if isinstance(infinite, bool) else infinite.astype(bool)

    def power(self, x: Any, exponent: Any) -> Any:
        return _each(self._guarded(self._power), 2)(x, exponent)

    def _power(self, x: Any, exponent: Any) -> Any:
        # mpmath raises at the pole 0^-1.
        return self.context.inf if x == 0 and exponent < 0 else self.context.power(x, exponent)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return np.where(condition, a, b)

    def _data(self, x: Any) -> Any:
        return x

    def cumsum(self, x: Any) -> Any:
        return np.cumsum(x, axis=0, dtype=object)

    def logsumexp(self, x: Any) -> Any:
        # The exponents of mpmath's numbers have no bounds: nothing overflows.
        return self.log(np.sum(self.exp(x), axis=0))

    def solve(self, matrix: Any, x: Any) -> Any:
        inverse = self.context.inverse(self._matrix(matrix))
        return np.matmul(np.array(inverse.tolist(), object), x)

    def log_abs_det(self, matrix: Any) -> Any:
        return self.log(self.context.fabs(self.context.det(self._matrix(matrix))))

    def _matrix(self, matrix: Any) -> Any:
        return self.context.matrix(self.constant(matrix).tolist())

    def number(self, condition: Any) -> Any:
        return self.constant(np.asarray(condition, float))

    def to_index(self, x: Any) -> Any:
        return np.asarray(x, float).astype(np.int64)

    def to_float(self, x: Any) -> Any:
        return self.constant(x)


def _context(digits: int) -> mpmath.MPContext:
    """mpmath with its own precision, division by zero, and the functions that it lacks."""
    context = mpmath.mp.clone()
    context.dps = digits
    context.mpf.__truediv__ = _quotient(context.mpf.__truediv__, lambda number, other: number)
    context.mpf.__rtruediv__ = _quotient(context.mpf.__rtruediv__, lambda number, other: other)
    context.sigmoid = lambda x: 1 / (1 + context.exp(-x))
    context.softplus = lambda x: max(x, 0) + context.log1p(context.exp(-abs(x))) if x == x else x
    context.normal_quantile = lambda p: _normal_quantile(context, p)
    return context


def _quotient(divide: Callable[..., Any], numerator: Callable[..., Any]) -> Callable[..., Any]:
    """Division that gives infinity or NaN where the divisor is zero."""

    def quotient(number: Any, other: Any) -> Any:
        try:
            return divide(number, other)
        except ZeroDivisionError:
            return numerator(number, other) * number.context.inf

    return quotient


def _normal_quantile(context: Any, p: Any) -> Any:
    if not 0 < p < 1:
        return {0: context.ninf, 1: context.inf}.get(p, context.nan)
    # From the lower tail: 2p - 1 would lose the digits of a tiny p.
    if p > 0.5:
        return -_normal_quantile(context, 1 - p)
    start = (
        context.sqrt(2) * context.erfinv(2 * p - 1)
        if p > 1e-10
        else -context.sqrt(-2 * context.log(p))
    )
    return context.findroot(lambda x: context.log(context.ncdf(x)) - context.log(p), start)
