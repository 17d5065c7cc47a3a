"""What onnxruntime lacks or computes badly, written with the operators it has.

Held against onnxruntime 1.17 to 1.32 (CPU). Each entry says what is missing and since when; delete it
when the oldest supported version has a good kernel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from flowspec.ops.onnx import OnnxOps, Recorded


def _double(x: Recorded) -> bool:
    return x.dtype == np.float64


def log1p(ops: OnnxOps, x: Recorded) -> Recorded:
    """ONNX has no Log1p. Kahan's form: the rounding error of u = 1 + x cancels in log(u) x / (u - 1)."""
    u = x + 1.0
    one = ops.node("Equal", u, 1.0, dtype=bool)
    return ops.where(one, x, ops.log(u) * (x / (u - 1.0)))


def expm1(ops: OnnxOps, x: Recorded) -> Recorded:
    """ONNX has no Expm1. 2 t / (1 - t) with t = tanh(x / 2) is exact near 0; farther out nothing cancels in exp(x) - 1."""
    t = ops.tanh(x * 0.5)
    return ops.where(ops.abs(x) < 0.5, 2.0 * t / (1.0 - t), ops.exp(x) - 1.0)


def sigmoid(ops: OnnxOps, x: Recorded) -> Recorded:
    """onnxruntime's float32 Sigmoid is 0 from -20 on (all versions). exp may overflow here: 1 / inf is the right 0."""
    return 1.0 / (1.0 + ops.exp(-x))


def softplus(ops: OnnxOps, x: Recorded) -> Recorded:
    """onnxruntime expands the float64 Softplus to log(1 + exp(x)) (all versions): inf at 800, 0 at -40."""
    if not _double(x):
        return ops.node("Softplus", x)
    return ops.maximum(x, 0.0) + log1p(ops, ops.exp(-ops.abs(x)))


def cos(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Cos before onnxruntime 1.24."""
    return ops.sin(x + math.pi / 2) if _double(x) else ops.node("Cos", x)


def sinh(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Sinh."""
    if not _double(x):
        return ops.node("Sinh", x)
    # The quotient, not the difference of exponentials, near 0, where that would cancel.
    small = expm1(ops, ops.clip(x, -1.0, 1.0))
    return ops.where(ops.abs(x) < 1.0, 0.5 * (small + small / (small + 1.0)), 0.5 * (ops.exp(x) - ops.exp(-x)))


def asinh(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Asinh. log1p(|x| + x^2 / (1 + sqrt(1 + x^2))), the form that is exact near 0."""
    if not _double(x):
        return ops.node("Asinh", x)
    size = ops.abs(x)
    # Beyond 1e100 the square overflows; there asinh(x) = log(2x).
    near = ops.minimum(size, 1e100)
    square = near * near
    close = log1p(ops, near + square / (1.0 + ops.sqrt(square + 1.0)))
    return ops.sign(x) * ops.where(size > 1e100, ops.log(size) + math.log(2), close)


def atanh(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Atanh."""
    return 0.5 * (log1p(ops, x) - log1p(ops, -x)) if _double(x) else ops.node("Atanh", x)


def atan(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Atan: the float32 kernel's value, then two Newton steps on tan(y) = x."""
    if not _double(x):
        return ops.node("Atan", x)
    size = ops.abs(x)
    large = size > 1.0
    r = ops.where(large, 1.0 / ops.maximum(size, 1.0), size)
    y = ops.cast(ops.node("Atan", ops.cast(r, np.float32)), np.float64)
    for _ in range(2):
        cosine = ops.cos(y)
        y = y - cosine * (ops.sin(y) - r * cosine)
    return ops.sign(x) * ops.where(large, math.pi / 2 - y, y)


def asin(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Asin."""
    if not _double(x):
        return ops.node("Asin", x)
    return 2.0 * atan(ops, x / (1.0 + ops.sqrt((1.0 - x) * (1.0 + x))))


def acos(ops: OnnxOps, x: Recorded) -> Recorded:
    """No float64 Acos."""
    return 2.0 * atan(ops, ops.sqrt((1.0 - x) / (1.0 + x))) if _double(x) else ops.node("Acos", x)


def logsumexp(ops: OnnxOps, x: Recorded) -> Recorded:
    """ReduceLogSumExp gives NaN where every entry is -inf (a row that no component can explain)."""
    top = ops.raw("ReduceMax", [x, ops.whole_constant(0)], x.shape[1:], x.dtype, keepdims=0)
    top = ops.maximum(top, float(np.finfo(x.dtype).min))
    return ops.log(ops.sum(ops.exp(x - top))) + top
