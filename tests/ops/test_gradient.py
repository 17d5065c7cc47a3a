"""Gradients of what is recorded are those of torch, through loops and searches too."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flowspec.ops.numpy import NumpyOps  # noqa: E402 (after the skip)
from flowspec.ops.onnx.writer import write  # noqa: E402
from flowspec.ops.tape import BATCH, Recorded, TapeOps  # noqa: E402
from flowspec.ops.tape.derivatives import NoDerivative  # noqa: E402
from flowspec.ops.tape.gradient import gradient  # noqa: E402
from flowspec.ops.tape.replay import replay  # noqa: E402
from flowspec.ops.torch import TorchOps  # noqa: E402
from flowspec.transforms.splines.searched import invert  # noqa: E402
from tests.ops.test_interpreters import CASES, EXACT, N, asked, draw  # noqa: E402

REFERENCE = NumpyOps(np.float64)
TORCH = TorchOps(torch.float64)
SMOOTH = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
    if case.smooth and name not in ("log_abs_det", "digamma")  # no data; itself a derivative
] + [pytest.param("take_along", CASES["take_along"][0], id="take_along")]


def with_batch(value) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.shape[-1:] == (N,)


def gradients(formula, *points: np.ndarray, ops=REFERENCE) -> list[np.ndarray]:
    """The gradients of the sum of weighted results, from the recorded graph."""
    recorder = TapeOps(np.float64, differentiates=True)
    inputs = [
        recorder.input(f"x{i}", (*x.shape[:-1], BATCH), np.float64) for i, x in enumerate(points)
    ]
    value = formula(recorder, *inputs)
    found = gradient(recorder, [(value, weights(recorder, value))], inputs)
    for i, each in enumerate(found):
        recorder.output(f"g{i}", each)
    data = {f"x{i}": ops.constant(x) for i, x in enumerate(points)}
    found = replay(recorder.tape, ops, data)
    for x, g in zip(points, found.values(), strict=True):
        assert np.shape(g) == x.shape
    return [np.array(g).astype(float) for g in found.values()]


def weights(ops, value):
    """Unlike cotangents of the rows of a result."""
    shape = [size or 1 for size in value.shape]
    return ops.with_batch(np.cos(np.arange(np.prod(shape))).reshape(shape), value)


def of_torch(formula, *points: np.ndarray) -> list[np.ndarray]:
    tensors = [torch.tensor(x, requires_grad=True) for x in points]
    value = formula(TORCH, *tensors)
    shape = (*value.shape[:-1], 1)
    cotangent = torch.tensor(np.cos(np.arange(np.prod(shape))).reshape(shape))
    (value * cotangent).sum().backward()
    return [(x.grad if x.grad is not None else torch.zeros_like(x)).numpy() for x in tensors]


def formula_of(name: str, case):
    """The operation as a function of its data, and the data; fixed arguments stay."""
    places: list[tuple[int, int | None]] = []
    for i, value in enumerate(case.arguments):
        if isinstance(value, list):
            places += [(i, j) for j, part in enumerate(value) if with_batch(part)]
        elif with_batch(value):
            places.append((i, None))

    def formula(ops, *data):
        arguments = [
            [ops.constant(v) if isinstance(v, np.ndarray) else v for v in value]
            if isinstance(value, list)
            else ops.constant(value)
            if isinstance(value, np.ndarray) and value.dtype.kind == "f"
            else value
            for value in case.arguments
        ]
        for (i, j), x in zip(places, data, strict=True):
            if j is None:
                arguments[i] = x
            else:
                arguments[i][j] = x
        if name == "where" and isinstance(case.arguments[0], np.ndarray):
            arguments[0] = arguments[-1] > -9.0 if len(data) == 1 else data[0] > data[1]
        return asked(ops, name, arguments)

    data = [case.arguments[i] if j is None else case.arguments[i][j] for i, j in places]
    return formula, data


@pytest.mark.parametrize(("name", "case"), SMOOTH)
def test_every_operation_has_the_gradient_of_torch(name, case):
    formula, data = formula_of(name, case)
    if not data:
        pytest.skip("the case has no data")
    found = gradients(formula, *data)
    for one, expected in zip(found, of_torch(formula, *data), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-9, atol=1e-12)


X, Y = draw(3), draw(3, 2)

FORMULAS = {
    "rows": lambda ops, x, y: x[0] * y[1, 0] + x[2],
    "overlapping slices": lambda ops, x, y: ops.square(x[1:] - x[:-1]),
    "steps of two": lambda ops, x, y: y[0:3:2] * 2.0,
    "further axes": lambda ops, x, y: y[:, 1:] * y[:, :1],
    "new axes": lambda ops, x, y: x[:, None] * y + x[None, 0],
    "a row for all": lambda ops, x, y: ops.sum(x[:1] * y[:, 0]) * x[0],
    "repeated rows": lambda ops, x, y: ops.take(x, [0, 2, 2, 0]),
    "unused": lambda ops, x, y: 2.0 * x,
    "both sides of an extreme": lambda ops, x, y: ops.maximum(x, ops.minimum(y[:, 0], 0.3)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_picked_and_spread_gets_its_share(name):
    found = gradients(FORMULAS[name], X, Y)
    for one, expected in zip(found, of_torch(FORMULAS[name], X, Y), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-12, atol=1e-14)


def through_a_loop(ops, x, y):
    """States, what stands outside of the loop, the step, a loop inside, and rows by number."""

    def inner(step, total):
        return (total * 0.9 + ops.sin(x[0]) * (step + 1.0),)

    def body(step, state, total):
        row = ops.pick(x, step)
        state = ops.tanh(state * y[:, 1] + row + 0.1 * step)
        (further,) = ops.loop(2, inner, total)
        return state, further + ops.sum(state)

    state, total = ops.loop(3, body, y[:, 0], 0.0 * x[0])
    return state * total


def through_a_search(ops, x, y):
    return invert(
        ops,
        lambda z: (
            z + ops.tanh(z * y[:, 0]),
            ops.log1p(y[:, 0] * (1.0 - ops.square(ops.tanh(z * y[:, 0])))),
        ),
        x,
        9.0,
    )


@pytest.mark.parametrize("formula", [through_a_loop, through_a_search])
def test_loops_and_searches_have_the_gradient_of_torch(formula):
    y = np.abs(Y)
    found = gradients(formula, X, y)
    for one, expected in zip(found, of_torch(formula, X, y), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("formula", [*FORMULAS.values(), through_a_loop])
def test_a_gradient_runs_in_every_interpreter(formula):
    expected = gradients(formula, X, Y)
    for ops in (EXACT, NumpyOps(np.float32)):
        for one, exact in zip(gradients(formula, X, Y, ops=ops), expected, strict=True):
            np.testing.assert_allclose(one, exact, rtol=1e-4, atol=1e-5)


def test_a_gradient_through_a_loop_is_a_graph():
    ort = pytest.importorskip("onnxruntime")
    import onnx_ir as ir

    ops = TapeOps(np.float64, differentiates=True)
    x, y = (ops.input(name, (*v.shape[:-1], BATCH), np.float64) for name, v in (("x", X), ("y", Y)))
    value = through_a_loop(ops, x, y)
    for name, each in zip("gh", gradient(ops, [(value, weights(ops, value))], [x, y]), strict=True):
        ops.output(name, each)
    model = ir.Model(write(ops.tape, "g").graph, ir_version=8)
    session = ort.InferenceSession(ir.to_proto(model).SerializeToString())
    found = session.run(None, {"x": X, "y": Y})
    for one, expected in zip(found, gradients(through_a_loop, X, Y), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-9, atol=1e-12)


def test_where_there_is_no_derivative_the_place_is_told():
    ops = TapeOps(np.float64, differentiates=True)
    x = ops.input("x", (3, BATCH), np.float64)
    with ops.scope("base"):
        y = ops.log_gamma_gradient(x, ops.log(x))
    assert isinstance(y, Recorded)
    with pytest.raises(NoDerivative) as caught:
        gradient(ops, [(y, weights(ops, y))], [x])
    assert (caught.value.op, caught.value.scope) == ("log_gamma_gradient", "base/")
