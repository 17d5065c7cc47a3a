"""The vocabulary as ONNX graphs, run by onnxruntime: the same cases that the other interpreters are held to."""

from __future__ import annotations

import math

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx_ir.passes.common import RemoveUnusedNodesPass

from flowspec.ops.onnx import BATCH, OnnxOps, Recorded
from tests.ops.test_interpreters import CASES, EXACT, N, Case, as_held, call, leave, off

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
COMPUTED = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
    if name not in ("whole", "log_abs_det")  # never data: both are worked out at once
]
BANNED = {"NonZero", "ScatterND", "Einsum", "RandomNormal", "RandomUniform", "Loop", "Scan", "If"}


def model(ops: OnnxOps) -> onnx.ModelProto:
    recorded = ir.Model(ops.graph, ir_version=8)
    RemoveUnusedNodesPass()(recorded)
    return ir.to_proto(recorded)


def run(ops: OnnxOps, **feeds) -> list[np.ndarray]:
    found = model(ops)
    onnx.checker.check_model(found, full_check=True)
    assert not BANNED & {node.op_type for node in found.graph.node}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(found.SerializeToString(), options).run(None, feeds)


class Feeds:
    """Turns the arguments of a case into inputs of a graph; what has no batch stays a constant."""

    def __init__(self, ops: OnnxOps):
        self.ops = ops
        self.values: dict[str, np.ndarray] = {}

    def enter(self, value):
        if isinstance(value, list) and isinstance(value[0], np.ndarray):
            return [self.enter(part) for part in value]
        if not isinstance(value, np.ndarray) or value.shape[-1] != N:
            return value
        name = f"x{len(self.values)}"
        dtype = self.ops.dtype if value.dtype == np.float64 else value.dtype
        self.values[name] = value.astype(dtype)
        return self.ops.input(name, (*value.shape[:-1], BATCH), dtype)


def record(ops: OnnxOps, name: str, arguments: tuple) -> tuple[Recorded, dict[str, np.ndarray]]:
    feeds = Feeds(ops)
    entered = [feeds.enter(value) for value in arguments]
    if name == "take_along":
        entered[1] = ops.to_index(entered[1])
    return getattr(ops, name)(*entered), feeds.values


def computed(dtype, name: str, case: Case) -> np.ndarray:
    ops = OnnxOps("case", dtype)
    found, feeds = record(ops, name, case.arguments)
    ops.output("y", found)
    (result,) = run(ops, **feeds)
    assert found.shape == (*result.shape[:-1], BATCH)
    return result


@DTYPES
@pytest.mark.parametrize(("name", "case"), COMPUTED)
def test_agrees_with_fifty_digits(dtype, name, case):
    found = computed(dtype, name, case)
    exact = leave(EXACT, call(EXACT, name, case.arguments))
    assert found.shape == exact.shape
    if exact.dtype in (bool, np.int64):
        np.testing.assert_array_equal(found, exact, strict=True)
        return
    limits = np.finfo(dtype)
    error = off(found, as_held(EXACT.constant(exact), limits), max(case.absolute, float(limits.tiny)))
    assert found.dtype == dtype
    assert error.max() <= case.ulps * float(limits.eps), (error.max() / limits.eps, found.flat[error.argmax()])
