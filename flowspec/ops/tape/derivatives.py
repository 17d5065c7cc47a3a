"""The derivative of each operation of the vocabulary, in the reverse direction.

A rule takes the interpreter, the cotangent g of a result, the result and the operands, and gives
the cotangent of each operand: None where there is none. It is written over `ops`, so that a
gradient is a formula like any other. A cotangent may have 1 where the result has K equal rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from flowspec.ops.tape.recorded import Recorded, shape_of
from flowspec.ops.tape.tape import BATCH, Shape

Rule = Callable[..., Sequence[Any]]

NORMAL = 1 / math.sqrt(2 * math.pi)


class NoDerivative(Exception):
    """An operation whose derivative is not known, and the scope in which it stands."""

    def __init__(self, op: str, scope: str = ""):
        super().__init__(op, scope)
        self.op = op
        self.scope = scope


# --- shapes ---------------------------------------------------------------------------------------


def zeros(shape: Shape) -> np.ndarray:
    """Zeros of a static shape, the same for every row."""
    return np.zeros([1 if size is BATCH else size for size in shape])


def in_full(g: Any, shape: Shape) -> Any:
    """A cotangent in the whole shape of what it belongs to."""
    return g if shape_of(g) == shape else g + zeros(shape)


def summed_to(ops: Any, g: Any, result: Shape, operand: Shape) -> Any:
    """The cotangent of an operand that was spread to the shape of a result."""
    while len(shape_of(g)) < len(result):
        g = g[None]
    for _ in range(len(result) - len(operand)):
        g = _total(ops, g, result[0])
        result = result[1:]
    for axis, (whole, own) in enumerate(zip(result[:-1], operand[:-1], strict=True)):
        if own == 1 and whole != 1:
            g = along_first(ops, g, axis, partial(_as_one_row, ops, whole))
    return g


def _as_one_row(ops: Any, size: int | None, g: Any) -> Any:
    return _total(ops, g, size)[None]


def _total(ops: Any, g: Any, size: int | None) -> Any:
    """The sum over the first axis, in which one row may stand for all."""
    return ops.sum(g) if shape_of(g)[0] == size else g[0] * float(size or 1)


def along_first(ops: Any, x: Any, axis: int, function: Callable[[Any], Any]) -> Any:
    """The function of the first axis, applied to another one."""
    if axis == 0:
        return function(x)
    sizes = x.shape[:axis]
    rows = x
    for _ in range(axis - 1):
        rows = ops.flatten(rows)
    rows = ops.exchange(function(ops.exchange(rows)))
    return ops.unflatten(rows, sizes) if axis > 1 else rows


def _rows_put_back(ops: Any, rows: Sequence[int], size: int, g: Any) -> Any:
    """Rows at their places among `size`, with zeros elsewhere; a row may have several parts."""
    if len(set(rows)) < len(rows):
        chosen = np.zeros((size, len(rows)))
        chosen[list(rows), range(len(rows))] = 1.0
        return ops.combine(chosen, g)
    places = {row: place for place, row in enumerate(rows)}
    first, last = min(rows), max(rows)
    if list(rows) != list(range(first, last + 1)):
        inner = ops.take(
            ops.concat([g, zeros((1, *g.shape[1:]))]),
            [places.get(row, len(rows)) for row in range(first, last + 1)],
        )
    else:
        inner = g
    around = [
        zeros((first, *g.shape[1:])) if first else None,
        inner,
        zeros((size - last - 1, *g.shape[1:])) if last < size - 1 else None,
    ]
    parts = [part for part in around if part is not None]
    return ops.concat(parts) if len(parts) > 1 else inner


# --- elementwise ----------------------------------------------------------------------------------


def _of_one(slope: Callable[[Any, Any, Any], Any]) -> Rule:
    """The rule of a function of one number, from its slope (ops, x, result)."""

    def rule(ops: Any, g: Any, result: Any, x: Any) -> Sequence[Any]:
        return (g * slope(ops, x, result),)

    return rule


def _cosh(ops: Any, x: Any) -> Any:
    size = ops.abs(x)
    return ops.exp(size) * (0.5 + 0.5 * ops.exp(-2.0 * size))


def _gelu_slope(ops: Any, x: Any, y: Any) -> Any:
    return ops.normal_cdf(x) + x * _normal_density(ops, x)


def _normal_density(ops: Any, x: Any) -> Any:
    return NORMAL * ops.exp(-0.5 * ops.square(ops.squarable(x)))


def _where_held(ops: Any, condition: Any, g: Any) -> Any:
    return ops.where(condition, g, 0.0)


def _power(ops: Any, g: Any, result: Any, x: Any, exponent: Any) -> Sequence[Any]:
    of_exponent = None
    if isinstance(exponent, Recorded):
        of_exponent = g * result * ops.log(ops.where(x > 0.0, x, 1.0))
    of_x = g * exponent * ops.power(x, exponent - 1.0) if isinstance(x, Recorded) else None
    return of_x, of_exponent


def _extreme(is_first: Callable[[Any, Any], Any]) -> Rule:
    """Of two that are equal the first one counts: the point, where the other is a bound."""

    def rule(ops: Any, g: Any, result: Any, a: Any, b: Any) -> Sequence[Any]:
        first = is_first(a, b) if isinstance(a, Recorded) else ~is_first(b, a)
        return ops.where(first, g, 0.0), ops.where(first, 0.0, g)

    return rule


def _clip(ops: Any, g: Any, result: Any, x: Any, low: Any, high: Any) -> Sequence[Any]:
    if not isinstance(x, Recorded):
        raise NoDerivative("clip")
    below, above = x < low, x > high
    return (
        ops.where(below | above, 0.0, g),
        _where_held(ops, below, g),
        _where_held(ops, above, g),
    )


def _where(ops: Any, g: Any, result: Any, condition: Any, a: Any, b: Any) -> Sequence[Any]:
    return None, ops.where(condition, g, 0.0), ops.where(condition, 0.0, g)


# --- along the first axis -------------------------------------------------------------------------


def _logsumexp(ops: Any, g: Any, result: Any, x: Any) -> Sequence[Any]:
    top = ops.where(ops.isinf(result), 0.0, result)
    return (g[None] * ops.exp(x - top[None]),)


def _cumsum(ops: Any, g: Any, result: Any, x: Any) -> Sequence[Any]:
    return (ops.combine(np.triu(np.ones((x.shape[0],) * 2)), in_full(g, x.shape)),)


def _concat(ops: Any, g: Any, result: Any, parts: Sequence[Any]) -> Sequence[Any]:
    g = in_full(g, result.shape)
    starts = np.cumsum([0, *(shape_of(part)[0] for part in parts)])
    pieces = [g[int(a) : int(b)] for a, b in pairwise(starts)]
    return (tuple(pieces),)


def _stack(ops: Any, g: Any, result: Any, parts: Sequence[Any]) -> Sequence[Any]:
    g = in_full(g, result.shape)
    return (
        tuple(summed_to(ops, g[i], result.shape[1:], shape_of(x)) for i, x in enumerate(parts)),
    )


def _take(ops: Any, g: Any, result: Any, x: Any, rows: Sequence[int]) -> Sequence[Any]:
    return _rows_put_back(ops, rows, x.shape[0], in_full(g, result.shape)), None


def _take_along(ops: Any, g: Any, result: Any, x: Any, index: Any) -> Sequence[Any]:
    if not isinstance(x, Recorded):
        return None, None
    here = _is_row(ops.to_float(index)[None], x.shape[0], len(result.shape))
    # A product, as for activations: a choice takes engines several times as long.
    spread = g[None] * ops.number(here)
    return summed_to(ops, spread, (x.shape[0], *result.shape), x.shape), None


def _pick(ops: Any, g: Any, result: Any, rows: Any, step: Any) -> Sequence[Any]:
    if not isinstance(rows, Recorded):
        return None, None
    return g[None] * ops.number(_is_row(step, rows.shape[0], len(result.shape))), None


def _is_row(index: Any, size: int | None, rank: int) -> Any:
    """Where a whole float is the number of a row of `size`, before `rank` further axes."""
    numbers = np.arange(float(size or 0)).reshape(size, *[1] * rank)
    return (index >= numbers - 0.5) & (index <= numbers + 0.5)


def _getitem(ops: Any, g: Any, result: Any, x: Any, items: Sequence[Any]) -> Sequence[Any]:
    g = in_full(g, result.shape)
    place = 0
    for item in items:  # axes that were added go, axes that were picked from come back
        if item is None:
            g = g[(*[slice(None)] * place, 0)]
        elif isinstance(item, slice):
            place += 1
        else:
            g = g[(*[slice(None)] * place, None)]
            place += 1
    picked = [item for item in items if item is not None]
    for axis, item in enumerate(picked):
        size = x.shape[axis]
        if size is BATCH:
            continue
        rows = range(size)[item] if isinstance(item, slice) else [range(size)[item]]
        if list(rows) != list(range(size)):
            g = along_first(ops, g, axis, partial(_rows_put_back, ops, rows, size))
    return g, None


# --- matrices -------------------------------------------------------------------------------------


def _turned(ops: Any, matrix: Any) -> Any:
    """The transpose of a matrix, or of each of a stack."""
    return ops.turn(matrix) if isinstance(matrix, Recorded) else np.swapaxes(matrix, -1, -2)


def _matmul(ops: Any, g: Any, result: Any, matrix: Any, x: Any) -> Sequence[Any]:
    g = in_full(g, result.shape)
    of_x = ops.matmul(_turned(ops, matrix), g)
    return None, summed_to(ops, of_x, of_x.shape, shape_of(x))


def _combine(ops: Any, g: Any, result: Any, matrix: Any, x: Any) -> Sequence[Any]:
    return None, ops.combine(_turned(ops, matrix), in_full(g, result.shape))


def _linear(ops: Any, g: Any, result: Any, weight: Any, x: Any, bias: Any) -> Sequence[Any]:
    return (*_matmul(ops, g, result, weight, x), g)


def _solve(ops: Any, g: Any, result: Any, matrix: Any, x: Any) -> Sequence[Any]:
    return None, ops.solve(np.swapaxes(matrix, -1, -2), in_full(g, result.shape))


ELEMENTWISE: dict[str, Rule] = {
    "negative": lambda ops, g, y, x: (-g,),
    "add": lambda ops, g, y, a, b: (g, g),
    "subtract": lambda ops, g, y, a, b: (g, -g),
    "multiply": lambda ops, g, y, a, b: (g * b, g * a),
    "divide": lambda ops, g, y, a, b: (g / b, -(g * y) / b),
    "exp": _of_one(lambda ops, x, y: y),
    "log": lambda ops, g, y, x: (g / x,),
    "log1p": lambda ops, g, y, x: (g / (1.0 + x),),
    "expm1": _of_one(lambda ops, x, y: y + 1.0),
    "sqrt": lambda ops, g, y, x: (0.5 * g / y,),
    "abs": _of_one(lambda ops, x, y: ops.sign(x)),
    "sin": _of_one(lambda ops, x, y: ops.cos(x)),
    "cos": _of_one(lambda ops, x, y: -ops.sin(x)),
    "tan": _of_one(lambda ops, x, y: 1.0 + ops.square(y)),
    "asin": lambda ops, g, y, x: (g / ops.sqrt((1.0 - x) * (1.0 + x)),),
    "acos": lambda ops, g, y, x: (-g / ops.sqrt((1.0 - x) * (1.0 + x)),),
    "atan": lambda ops, g, y, x: (g / (1.0 + ops.square(ops.squarable(x))),),
    "sinh": _of_one(lambda ops, x, y: _cosh(ops, x)),
    "asinh": lambda ops, g, y, x: (g / ops.sqrt(1.0 + ops.square(ops.squarable(x))),),
    "tanh": _of_one(lambda ops, x, y: (1.0 - y) * (1.0 + y)),
    "atanh": lambda ops, g, y, x: (g / ((1.0 - x) * (1.0 + x)),),
    "sigmoid": _of_one(lambda ops, x, y: y * (1.0 - y)),
    "log_sigmoid": _of_one(lambda ops, x, y: ops.sigmoid(-x)),
    "softplus": _of_one(lambda ops, x, y: ops.sigmoid(x)),
    "square": _of_one(lambda ops, x, y: 2.0 * x),
    # Products: a choice takes engines several times as long, and here nothing overflows.
    "relu": _of_one(lambda ops, x, y: ops.number(x > 0.0)),
    "elu": _of_one(lambda ops, x, y: 1.0 + ops.minimum(y, 0.0)),
    "gelu": _of_one(_gelu_slope),
    "lgamma": _of_one(lambda ops, x, y: ops.digamma(x)),
    "erfc": _of_one(
        lambda ops, x, y: -2 / math.sqrt(math.pi) * ops.exp(-ops.square(ops.squarable(x)))
    ),
    "normal_cdf": _of_one(lambda ops, x, y: _normal_density(ops, x)),
    "normal_quantile": _of_one(lambda ops, x, y: ops.exp(0.5 * ops.square(y)) / NORMAL),
    "power": _power,
    "maximum": _extreme(lambda a, b: a >= b),
    "minimum": _extreme(lambda a, b: a <= b),
    "clip": _clip,
    "where": _where,
    "cast": lambda ops, g, y, x, dtype: (g, None),
}
"""Rules whose operands were spread to the shape of the result."""

SHAPED: dict[str, Rule] = {
    "sum": lambda ops, g, y, x: (g[None],),
    "logsumexp": _logsumexp,
    "cumsum": _cumsum,
    "concat": _concat,
    "stack": _stack,
    "take": _take,
    "take_along": _take_along,
    "pick": _pick,
    "getitem": _getitem,
    "flatten": lambda ops, g, y, x: (ops.unflatten(in_full(g, y.shape), x.shape[:2]),),
    "unflatten": lambda ops, g, y, x, sizes: (_flat(ops, in_full(g, y.shape), len(sizes)), None),
    "exchange": lambda ops, g, y, x: (ops.exchange(g),),
    "transpose": lambda ops, g, y, x: (ops.transpose(g),),
    "with_batch": lambda ops, g, y, x, like: (g, None),
    "matmul": _matmul,
    "combine": _combine,
    "linear": _linear,
    "solve": _solve,
    "log_gamma_gradient": lambda ops, g, y, concentration, log_x: (None, None),
}
"""Rules that give cotangents in the shapes of the operands."""

FLAT = frozenset(
    ("sign", "floor", "isinf", "any", "number", "to_index", "to_float", "arange", "batch_length")
)
"""Operations whose results stay the same where operands change a little."""


NO_DERIVATIVE = {
    "matmul": 0,
    "combine": 0,
    "linear": 0,
    "solve": 0,
    "log_gamma_gradient": 0,
    "digamma": 0,
}
"""Operands with respect to which an operation has no derivative here, by its name."""


def _flat(ops: Any, g: Any, count: int) -> Any:
    for _ in range(count - 1):
        g = ops.flatten(g)
    return g
