"""The vocabulary as ONNX has it: a tape on which each operation is one that `writer` can
write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowspec.ops.onnx import kernels
from flowspec.ops.tape import TapeOps
from flowspec.ops.tape.passes import simplified
from flowspec.ops.tape.recorded import Recorded
from flowspec.ops.tape.recording import of_data
from flowspec.ops.tape.replay import replay
from flowspec.ops.tape.tape import Tape
from flowspec.ops.vocabulary import Array, Ops


def _spelt(name: str, spelling: Callable[..., Array]) -> Callable[..., Array]:
    def method(self: OnnxOps, *values: Any) -> Any:
        return spelling(self, *values)

    method.__name__ = name
    return of_data(method)


class OnnxOps(TapeOps):
    """Records what ONNX lacks as the operations that it has."""

    log1p = _spelt("log1p", kernels.log1p)
    expm1 = _spelt("expm1", kernels.expm1)
    cos = _spelt("cos", kernels.cos)
    asin = _spelt("asin", kernels.asin)
    acos = _spelt("acos", kernels.acos)
    atan = _spelt("atan", kernels.atan)
    sinh = _spelt("sinh", kernels.sinh)
    asinh = _spelt("asinh", kernels.asinh)
    atanh = _spelt("atanh", kernels.atanh)
    sigmoid = _spelt("sigmoid", kernels.sigmoid)
    softplus = _spelt("softplus", kernels.softplus)
    elu = _spelt("elu", kernels.elu)
    gelu = _spelt("gelu", kernels.gelu)
    maximum = _spelt("maximum", kernels.maximum)
    minimum = _spelt("minimum", kernels.minimum)
    clip = _spelt("clip", kernels.clip)
    logsumexp = _spelt("logsumexp", kernels.logsumexp)
    linear = _spelt("linear", kernels.linear)

    # The common statement is the best there is.
    log_sigmoid = of_data(Ops.log_sigmoid)
    square = of_data(Ops.square)
    tan = of_data(Ops.tan)
    lgamma = of_data(Ops.lgamma)
    digamma = of_data(Ops.digamma)
    erfc = of_data(Ops.erfc)
    normal_cdf = of_data(Ops.normal_cdf)
    normal_quantile = of_data(Ops.normal_quantile)

    def solve(self, matrix: Any, x: Any) -> Any:
        """The matrix is a constant, inverted beforehand."""
        return self.matmul(np.linalg.inv(np.asanyarray(matrix)), x)

    def log_gamma_gradient(self, concentration: Any, log_x: Any) -> Any:
        return log_x


def spelt(tape: Tape) -> Tape:
    """The tape in operations that ONNX has, simplified."""
    ops = OnnxOps(tape.dtype, tape)
    inputs = {name: Recorded(ops, entry) for name, entry in tape.inputs.items()}
    for name, value in replay(simplified(tape), ops, inputs).items():
        ops.output(name, value, tape.docs[name])
    return simplified(ops.tape)
