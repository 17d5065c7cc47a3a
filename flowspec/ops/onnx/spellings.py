"""Operations in other operators of ONNX than their own: tables of spellings, from which targets
choose.

A spelling is a formula over a tape. It gives the same numbers as the operation it stands for, also
for NaN, infinities and the ends of the float type, in every engine that computes its operators as
ONNX says. Each table says what it is good for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowspec.ops.onnx import kernels
from flowspec.ops.tape.recorded import BOOL, shape_of
from flowspec.ops.tape.recording import TapeOps
from flowspec.ops.tape.spelling import Dialect, Spelling, Spellings, logsumexp
from flowspec.ops.vocabulary import Array, Ops

KERNELS: Spellings = {
    "log1p": kernels.log1p,
    "expm1": kernels.expm1,
    "cos": kernels.cos,
    "asin": kernels.asin,
    "acos": kernels.acos,
    "atan": kernels.atan,
    "sinh": kernels.sinh,
    "asinh": kernels.asinh,
    "atanh": kernels.atanh,
    "sigmoid": kernels.sigmoid,
    "softplus": kernels.softplus,
    "elu": kernels.elu,
    "gelu": kernels.gelu,
    "maximum": kernels.maximum,
    "minimum": kernels.minimum,
    "clip": kernels.clip,
    # ReduceLogSumExp takes twice as long in onnxruntime 1.32.
    "logsumexp": logsumexp,
    "linear": kernels.linear,
    # The common statement is the best there is.
    "log_sigmoid": Ops.log_sigmoid,
    "square": Ops.square,
    "tan": Ops.tan,
    "lgamma": Ops.lgamma,
    "digamma": Ops.digamma,
    "erfc": Ops.erfc,
    "normal_cdf": Ops.normal_cdf,
    "normal_quantile": Ops.normal_quantile,
}
"""What onnxruntime lacks or computes badly."""


def _less(ops: TapeOps, a: Any, b: Any) -> Array:
    return ops.elementwise("less", a, b, dtype=BOOL)


# --- comparisons ----------------------------------------------------------------------------------


def _less_equal(ops: TapeOps, a: Any, b: Any) -> Array:
    """Not `not greater`, which NaN would make true."""
    return _less(ops, a, b) | ops.native("equal", a, b, dtype=BOOL)


def _infinite(ops: TapeOps, x: Array) -> Array:
    return ops.native("equal", ops.abs(x), np.inf, dtype=BOOL)


COMPARISONS: Spellings = {
    "greater": lambda ops, a, b: _less(ops, b, a),
    "greater_equal": lambda ops, a, b: ops.elementwise("less_equal", b, a, dtype=BOOL),
}
"""Less and LessOrEqual with operands exchanged: not all have Greater and GreaterOrEqual."""

EQUALITY: Spellings = {"less_equal": _less_equal}
"""Less and Equal: for readers without LessOrEqual of opset 16."""

INFINITIES: Spellings = {"isinf": _infinite}
"""Equal to infinity: few have IsInf."""


# --- reductions -----------------------------------------------------------------------------------


def _largest(ops: TapeOps, x: Array) -> Array:
    """Both halves of the rows against each other, until one row is left."""
    while (rows := shape_of(x)[0] or 1) > 1:
        half = -(-rows // 2)
        x = ops.maximum(x[:half], x[rows - half :])
    return x[0]


def _any(ops: TapeOps, condition: Array) -> Array:
    return _less(ops, 0.0, ops.sum(ops.number(condition)))


def _running_sum(ops: TapeOps, x: Array) -> Array:
    """Each row and the one before, then each and the two before, and so on.

    A product with a triangular matrix is shorter, and makes NaN of infinities.
    """
    rows, reach = shape_of(x)[0] or 1, 1
    while reach < rows:
        x = ops.concat([x[:reach], x[reach:] + x[: rows - reach]])
        reach *= 2
    return x


def _sum(ops: TapeOps, x: Array) -> Array:
    kept = ops.native_of("sum_kept", (x,), (1, *shape_of(x)[1:]), ops.dtype)
    return kept[0]


REDUCTIONS: Spellings = {"max": _largest, "any": _any}
"""Without ReduceMax, whose version of opset 18 few readers have."""

RUNNING_SUMS: Spellings = {"cumsum": _running_sum}
"""Without CumSum, which few have and some compute wrongly."""

SUMS: Spellings = {"sum": _sum}
"""ReduceSum that keeps its axis, and a Squeeze: OpenVINO joins the short form with what follows,
wrongly.
"""


# --- NaN ------------------------------------------------------------------------------------------


def _maximum(ops: TapeOps, a: Any, b: Any) -> Array:
    return _nearer(ops, lambda x, y: _less(ops, x, y), a, b)


def _minimum(ops: TapeOps, a: Any, b: Any) -> Array:
    return _nearer(ops, lambda x, y: _less(ops, y, x), a, b)


def _nearer(ops: TapeOps, beyond: Callable[[Any, Any], Array], a: Any, b: Any) -> Array:
    """b where it lies beyond a, else a; NaN if either is."""
    if isinstance(a, int | float | np.ndarray):
        a, b = b, a
    chosen = beyond(a, b)
    if not isinstance(b, int | float | np.ndarray):
        chosen = chosen | ~ops.native("equal", b, b, dtype=BOOL)
    return ops.where(chosen, b, a)


def _clip(ops: TapeOps, x: Any, low: Any, high: Any) -> Array:
    return ops.minimum(ops.maximum(x, low), high)


def _relu(ops: TapeOps, x: Array) -> Array:
    return ops.where(_less(ops, x, 0.0), 0.0, x)


CLIP: Spellings = {"clip": _clip}
"""Max and Min, where there is no Clip."""


def _kept_by(op: str) -> Spelling:
    """A function whose NaN an engine turns into a number."""

    def spelling(ops: TapeOps, x: Array) -> Array:
        return ops.where(ops.native("equal", x, x, dtype=BOOL), ops.native(op, x), x)

    return spelling


NAN_OF_EXP: Spellings = {"exp": _kept_by("exp")}
NAN_OF_TANH: Spellings = {"tanh": _kept_by("tanh")}
NAN: Spellings = {"maximum": _maximum, "minimum": _minimum, "relu": _relu, **CLIP}
"""Where, which carries NaN: Max, Min, Clip and Relu of some engines lose it."""


# --- functions ------------------------------------------------------------------------------------


def _sign(ops: TapeOps, x: Array) -> Array:
    return ops.where(_less(ops, 0.0, x), 1.0, ops.where(_less(ops, x, 0.0), -1.0, x))


def _floor(ops: TapeOps, x: Array) -> Array:
    """The whole number towards 0, and one less where that lies above.

    Beyond the digits of the float type everything is whole.
    """
    double = ops.dtype == np.float64
    largest, whole = (2.0**52, np.int64) if double else (2.0**23, np.int32)
    small = ops.native("less", ops.abs(x), largest, dtype=BOOL)
    towards_0 = ops.to_float(ops.cast(ops.where(small, x, 0.0), whole))
    return ops.where(small, towards_0 - ops.number(_less(ops, x, towards_0)), x)


FUNCTIONS: Spellings = {
    "sign": _sign,
    "floor": _floor,
    "elu": kernels.elu_by_exp,
    "sinh": kernels.sinh_by_exp,
    "asinh": kernels.asinh_by_log,
    "atanh": kernels.atanh_by_log,
}
"""Without Sign, Floor, Elu, Sinh, Asinh and Atanh."""


# --- what very few have ---------------------------------------------------------------------------


def _both(ops: TapeOps, a: Any, b: Any) -> Array:
    return _less(ops, 0.5, ops.number(a) * ops.number(b))


def _either(ops: TapeOps, a: Any, b: Any) -> Array:
    return _less(ops, 0.5, ops.number(a) + ops.number(b))


def _not(ops: TapeOps, condition: Any) -> Array:
    return _less(ops, ops.number(condition), 0.5)


def _softplus(ops: TapeOps, x: Array) -> Array:
    return ops.relu(x) + kernels.log1p(ops, ops.exp(-ops.abs(x)))


def _take_along(ops: TapeOps, x: Any, index: Any) -> Array:
    """Row by row, where the index is that of the row."""
    chosen = x[0]
    for row in range(1, shape_of(x)[0] or 1):
        here = ops.native("equal", index, np.asarray(row), dtype=BOOL)
        chosen = ops.where(here, x[row], chosen)
    return chosen + 0.0 * ops.to_float(index) if shape_of(x)[0] == 1 else chosen


LOGIC: Spellings = {"logical_and": _both, "logical_or": _either, "logical_not": _not}
"""Arithmetic on 0 and 1, where there is no And, Or and Not."""

SELECTION: Spellings = {"take_along": _take_along}
"""Where, instead of GatherElements."""

SOFTPLUS: Spellings = {"softplus": _softplus}

DEFAULT: Spellings = {**KERNELS, **COMPARISONS, **INFINITIES, **REDUCTIONS}
"""What costs nothing in onnxruntime 1.32: at most 1.01 times the time of the operators themselves,
for one row and for 1,000 (medians over the examples, a MAF and an NSF). Of the others each costs
something: EQUALITY 1.04, SUMS 1.02, RUNNING_SUMS 1.2, NAN 1.3, FUNCTIONS 1.4, SELECTION 2.
"""

COMMON = Dialect(DEFAULT)
