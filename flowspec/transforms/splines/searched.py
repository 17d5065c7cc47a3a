"""Transforms whose inverse has no closed form: an increasing function, and the search.

The search is one loop of a fixed number of turns, the same in every interpreter. It is
not differentiated: where there are gradients, one Newton step behind it has the
derivatives of the inverse function, with respect to y and to all parameters.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.transforms.transform import Univariate

HALVINGS = 14
"""Turns that halve the interval, before Newton's method takes over."""

NEWTON_STEPS = {"float32": 8, "float64": 11}
"""Turns by Newton's method, which falls back to halving where it would leave the
interval.
"""

MARGIN = 1.125
"""The factor by which the search goes beyond the limits of a function that goes on
linearly.

What lies further out is then found exactly.
"""

Function = Callable[[Array], tuple[Array, Array]]
"""x to the value and the log-slope of an increasing function."""


def invert(ops: Ops, function: Function, y: Array, limit: float) -> Array:
    """The x at which an increasing function has the value y.

    limit   the search goes from -limit to limit, and in its last turn beyond: by the
            slope that the function has there
    """
    with ops.without_gradients():
        x = _found(ops, function, y, limit)
    if ops.differentiates:
        value, log_slope = function(x)
        off = ops.where(ops.isinf(value), 0.0, value - y)  # next to the overflow
        x = x - off * ops.exp(-log_slope)
    return x


def _found(ops: Ops, function: Function, y: Array, limit: float) -> Array:
    zero = 0.0 * ops.clip(y, -1.0, 1.0)
    turns = HALVINGS + NEWTON_STEPS[np.dtype(ops.dtype).name]

    def turn(step: Array, low: Array, high: Array, x: Array) -> tuple[Array, Array, Array]:
        value, log_slope = function(x)
        below = value < y
        low, high = ops.where(below, x, low), ops.where(below, high, x)
        near = x - (value - y) * ops.exp(-log_slope)
        # The last turn reaches beyond the limits.
        inside = ((near >= low) & (near <= high)) | (step + zero > turns - 1.5)
        halve = step + zero < HALVINGS - 0.5
        return low, high, ops.where(inside & ~halve, near, 0.5 * (low + high))

    return ops.loop(turns, turn, zero - limit, zero + limit, zero)[2]


def same_slope(ops: Ops, log_slope: Array) -> Array:
    """A continuation with the slope that the function has at the limit."""
    return log_slope


def continued(
    ops: Ops,
    function: Function,
    limit: float,
    end_slope: Callable[[Ops, Array], Array] = same_slope,
) -> Function:
    """The function on [-limit, limit], continued linearly with the log-slope
    `end_slope(that at the limit)`.
    """

    def whole(x: Array) -> tuple[Array, Array]:
        inner = ops.clip(x, -limit, limit)
        value, log_slope = function(inner)
        beyond = end_slope(ops, log_slope)
        if beyond is not log_slope:
            log_slope = ops.where(ops.abs(x) > limit, beyond, log_slope)
        return value + (x - inner) * ops.exp(beyond), log_slope

    return whole


class Searched(Univariate):
    """An increasing function on [-limit, limit], continued linearly: a map of the real
    line onto itself.
    """

    @property
    @abstractmethod
    def limit(self) -> float:
        """The absolute value from which on the function is linear."""

    @abstractmethod
    def prepared(self, ops: Ops, like: Array) -> Function:
        """The function on [-limit, limit], for arrays like `like`.

        Everything that does not depend on x is worked out once."""

    def end_slope(self, ops: Ops, log_slope: Array) -> Array:
        """The log-slope of the continuation, given that of the function at the limit."""
        return same_slope(ops, log_slope)

    def _whole(self, ops: Ops, like: Array) -> Function:
        return continued(ops, self.prepared(ops, like), self.limit, self.end_slope)

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        return self._whole(ops, x)(x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        function = self._whole(ops, y)
        x = invert(ops, function, y, MARGIN * self.limit)
        return x, function(x)[1]

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[1]


def spread(ops: Ops, value: Array, shape: tuple[int, ...], like: Array) -> Array:
    """One number for all free numbers of a parameter as an array over them; arrays as
    they are.
    """
    if not isinstance(value, int | float):
        return value
    return ops.constant(np.full((*shape, *(1 for _ in like.shape)), value))
