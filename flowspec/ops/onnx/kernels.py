"""Operations that onnxruntime's CPU lacks or computes badly, written with those that it
has: formulas over a tape.

Measured on onnxruntime 1.17 and 1.32. Each entry says what is missing and since when;
delete it when the oldest supported version has a good kernel. Errors stay within 8 units
in the last place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowspec.ops.tape.recorded import shape_of
from flowspec.ops.tape.recording import TapeOps
from flowspec.ops.vocabulary import Array, Operand

HALF_PI_REST = 6.123233995736766e-17
"""pi / 2 less its float64."""

LARGEST_SQUARED = 1e150
LARGEST_SQUARED_SINGLE = 1e15
"""A float64 and a float32 whose squares do not overflow, and beyond which asinh(x) is log(2 x)."""


def _double(ops: TapeOps) -> bool:
    return ops.dtype == np.float64


def _max_or_min(ops: TapeOps, op: str, a: Any, b: Any) -> Array:
    """Max and Min of onnxruntime 1.17 lose a NaN of the second operand (1.32 does not):
    constants go there.
    """
    first, second = (b, a) if isinstance(a, int | float | np.ndarray) else (a, b)
    return ops.native(op, first, second)


def maximum(ops: TapeOps, a: Any, b: Any) -> Array:
    """Max, the data first."""
    return _max_or_min(ops, "maximum", a, b)


def minimum(ops: TapeOps, a: Any, b: Any) -> Array:
    """Min, the data first."""
    return _max_or_min(ops, "minimum", a, b)


def log1p(ops: TapeOps, x: Array) -> Array:
    """ONNX has no Log1p.

    Above 1 the sum 1 + x is as good; below, what it loses is added again.
    """
    return ops.log(1 + x) + _lost(ops.minimum(x, 1.0))


def _small_log1p(ops: TapeOps, x: Array) -> Array:
    """log1p for x <= 1."""
    return ops.log(1 + x) + _lost(x)


def _lost(x: Array) -> Array:
    """x - (fl(1 + x) - 1), exactly: the rounding error of 1 + x.

    Its logarithm needs no more than this as a correction: log(u + e) = log(u) + e / u,
    and e (1 - 1 / u) is below the last place of log(u).
    """
    return x - ((1 + x) - 1)


def expm1(ops: TapeOps, x: Array) -> Array:
    """ONNX has no Expm1. tanh(x / 2) = (exp(x) - 1) / (exp(x) + 1), and nothing cancels
    on the right.
    """
    return ops.tanh(0.5 * x) * (ops.exp(x) + 1)


def sigmoid(ops: TapeOps, x: Array) -> Array:
    """Sigmoid is 0 from -17 (float32) and -37 (float64) on, in all versions. exp may
    overflow: 1 / inf is right.
    """
    return 1 / (ops.exp(-x) + 1)


def softplus(ops: TapeOps, x: Array) -> Array:
    """Softplus in float64 is expanded to log(1 + exp(x)), in all versions: inf at 800, 0
    at -40.
    """
    if not _double(ops):
        return ops.native("softplus", x)
    return _small_log1p(ops, ops.exp(-ops.abs(x))) + ops.maximum(x, 0.0)


def elu(ops: TapeOps, x: Array) -> Array:
    """Elu in float64 is expanded into more nodes than these."""
    return elu_by_exp(ops, x) if _double(ops) else ops.native("elu", x)


def elu_by_exp(ops: TapeOps, x: Array) -> Array:
    """Elu, as it is defined."""
    return ops.relu(x) + (ops.exp(ops.minimum(x, 0.0)) - 1)


def gelu(ops: TapeOps, x: Array) -> Array:
    """No float64 Erf; Gelu itself came with opset 20."""
    if _double(ops):
        return x * ops.normal_cdf(x)
    return 0.5 * x * (ops.native("erf", x * math.sqrt(0.5)) + 1)


def cos(ops: TapeOps, x: Array) -> Array:
    """No float64 Cos before onnxruntime 1.24; in 1.32 it has no digits left next to its
    zeros.

    The sine of s = pi / 2 - |x|, and the rounding error of s to first order. Sin in 1.32
    has the same fault next to its zeros except 0, so beyond |x| = 4 the error is 2 units
    in the last place of 1, not of the result.
    """
    if not _double(ops):
        return ops.native("cos", x)
    size = ops.abs(x)
    s = math.pi / 2 - size
    rest = (math.pi / 2 - (s + size)) + HALF_PI_REST
    return ops.sin(s) + rest * ops.sin(size)


def sinh(ops: TapeOps, x: Array) -> Array:
    """No float64 Sinh."""
    return sinh_by_exp(ops, x) if _double(ops) else ops.native("sinh", x)


def sinh_by_exp(ops: TapeOps, x: Array) -> Array:
    """sinh(x) = tanh(x / 2) (1 + cosh(x))."""
    return ops.tanh(0.5 * x) * (0.5 * (ops.exp(x) + ops.exp(-x)) + 1)


def asinh(ops: TapeOps, x: Array) -> Array:
    """No float64 Asinh."""
    return asinh_by_log(ops, x) if _double(ops) else ops.native("asinh", x)


def asinh_by_log(ops: TapeOps, x: Array) -> Array:
    """log1p(|x| + x^2 / (1 + sqrt(1 + x^2))), the form that is exact near 0."""
    size, largest = ops.abs(x), LARGEST_SQUARED if _double(ops) else LARGEST_SQUARED_SINGLE
    near = ops.minimum(size, largest)
    square = near * near
    close = log1p(ops, near + square / (ops.sqrt(square + 1) + 1))
    return ops.sign(x) * ops.where(size > largest, ops.log(size) + math.log(2), close)


def atanh(ops: TapeOps, x: Array) -> Array:
    """No float64 Atanh."""
    return atanh_by_log(ops, x) if _double(ops) else ops.native("atanh", x)


def atanh_by_log(ops: TapeOps, x: Array) -> Array:
    """Half of log1p(x) - log1p(-x)."""
    return 0.5 * (_small_log1p(ops, x) - _small_log1p(ops, -x))


def atan(ops: TapeOps, x: Array) -> Array:
    """No float64 Atan."""
    if not _double(ops):
        return ops.native("atan", x)
    size = ops.abs(x)
    steep = size > 1.0
    angle = _atan_below_one(ops, ops.where(steep, 1 / size, size))
    return ops.sign(x) * ops.where(steep, math.pi / 2 - angle, angle)


def _atan_below_one(ops: TapeOps, r: Array) -> Array:
    """The float32 kernel's y, corrected by sin(y - atan(r)) = (sin(y) - r cos(y)) /
    sqrt(1 + r^2): with an error of 1e-7 in y the sine is its argument to 21 digits.
    """
    y = ops.cast(ops.native("atan", ops.cast(r, np.float32)), np.float64)
    sine = ops.sin(y)
    cosine = ops.sqrt((1 - sine) * (1 + sine))
    return y - (sine - r * cosine) / ops.sqrt(r * r + 1)


def asin(ops: TapeOps, x: Array) -> Array:
    """No float64 Asin. Half-angle formula."""
    if not _double(ops):
        return ops.native("asin", x)
    return 2 * atan(ops, x / (ops.sqrt((1 - x) * (1 + x)) + 1))


def acos(ops: TapeOps, x: Array) -> Array:
    """No float64 Acos. Half-angle formula."""
    return 2 * atan(ops, ops.sqrt((1 - x) / (1 + x))) if _double(ops) else ops.native("acos", x)


def clip(ops: TapeOps, x: Any, low: Any, high: Any) -> Array:
    """Clip takes numbers as its ends only."""
    if isinstance(low, int | float) and isinstance(high, int | float):
        return ops.native("clip", x, low, high)
    return ops.minimum(ops.maximum(x, low), high)


def linear(ops: TapeOps, weight: Array, x: Array, bias: Operand) -> Array:
    """Gemm, which onnxruntime fuses with the activation behind it, takes matrices only."""
    if len(shape_of(x)) > 2 or isinstance(x, np.ndarray):
        return ops.matmul(weight, x) + bias
    shape = (shape_of(weight)[0], shape_of(x)[1])
    return ops.native_of("linear", (weight, x, bias), shape, ops.dtype)
