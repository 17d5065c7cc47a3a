"""What holds for every base and step: asked of the registry, for each of its examples.

Leaving a part out of a law needs a line in EXCEPTIONS.
"""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import onnxruntime
import pytest

import flowspec
from flowspec.export.graphs import from_noise_graph, log_prob_graph, serialize
from flowspec.export.targets import Target
from flowspec.ir import registry
from flowspec.ir.flow import Flow
from flowspec.language.catalogue import example_flow
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.mpmath import MpmathOps
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.ops.tape import BATCH, TapeOps
from flowspec.ops.tape.passes import simplified
from flowspec.ops.tape.replay import replay
from flowspec.support.membership import outside_of
from flowspec.support.support import Interval
from flowspec.transforms import chain

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(part, law) -> why the part is left out of the law."""

ROWS = 64
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
DTYPES = ("float32", "float64")


def _cases():
    for name, kind in registry.bases().items():
        yield from ((name, f"{name}-{i}", example, None) for i, example in enumerate(kind.examples))
    for name, kind in registry.transforms().items():
        yield from ((name, f"{name}-{i}", example, kind) for i, example in enumerate(kind.examples))


CASES = {label: (name, example, kind) for name, label, example, kind in _cases()}

EXTREME = {
    "covariance": "MultivariateNormal([0, 0, 0], [[1e6, 0, 0], [0, 1, 0], [0, 0, 1e-6]])",
    "correlation": "MultivariateNormal([1, 2], [[1, 0.999999999998], [0.999999999998, 1]])",
    "factor": "Normal(0, 1)[2] |> LULinear([[0, 0], [0.5, 0]], [[0, 2], [0, 0]], [1e3, 1e-3])",
    "wide": "Normal(0, 1e37)",
    "narrow": "Exponential(1e37)",
    "far": "Laplace(-3e38, 1e35)",
    "ends": "Uniform(-1.7e38, 1.7e38)",
    "units": "Normal(0, 1e30) |> Scale(1e-30) |> Scale(1e37)",
    "shift": "Normal(0, 1) |> Affine(3e38, 1e36)",
    "interval": "Normal(0, 1) |> Sigmoid |> Scale(3e38)",
    "powers": "Exponential(1) |> Power(30)",
}
"""Covariances of condition 1e12, and constants next to the overflow of a float32."""
LOSS = {"Extreme-correlation": 2e3, "Extreme-factor": 4e3, "Event-simplex": 3}
"""What a matrix loses whose square has condition 1e12; and what terms of 10 do that sum to 0.03:
interpreters lie up to 8e-6 on either side of the exact number, as the processor has it.
"""
CASES |= {f"Extreme-{name}": ("Extreme", text, None) for name, text in EXTREME.items()}

EVENTS = {
    "angles": "event x: real, a: circle(-pi, pi), y: positive, b: circle(0, 4)\n"
    "NSF(event, bins=3, hidden=[4]) |> LULinear |> Standardize |> Onto(event)",
    "only-angles": "event a, b: circle(0, 4)\nNSF(event, transforms=2, hidden=[4]) |> Standardize",
    "simplex": "event a: circle(0, 1), p, q, r: simplex\nNSF(event, hidden=[4]) |> ActNorm "
    "|> Onto(event)",
    "edges": "event x: [40, inf), y: real, s: [0, 1], z: (-inf, 3], w: positive\n"
    "NSF(event, bins=3, hidden=[4]) |> Standardize |> Onto(event, edges=[x, s, z], tails=[y])",
}
"""Flows that begin with the coordinates of their event."""
CASES |= {f"Event-{name}": ("Event", text, None) for name, text in EVENTS.items()}


def tolerance(label: str, dtype: str) -> float:
    return TOLERANCE[dtype] * LOSS.get(label, 1)


@functools.cache
def flow_of(label: str) -> Flow:
    _, example, kind = CASES[label]
    return flowspec.parse(example) if kind is None else example_flow(kind, example)


@functools.cache
def model_of(label: str) -> Model:
    return Model(flow_of(label))


def law():
    """Parametrise a law over every example, but for those that it excepts."""

    def decorate(function):
        name = function.__name__.removeprefix("test_")
        labels = [label for label, (part, _, _) in CASES.items() if (part, name) not in EXCEPTIONS]
        return pytest.mark.parametrize("label", labels)(function)

    return decorate


def draws(label: str, rows: int = ROWS) -> np.ndarray:
    """Standard noise in float32 numbers, (rows, K): the same in both dtypes."""
    return noise(NumpyOps("float32"), np.int64(5), np.arange(rows), list(flow_of(label).noise)).T


def points(label: str, dtype: str = "float64", rows: int = ROWS) -> np.ndarray:
    """Samples, rounded to float32 where that keeps them in the support."""
    return model_of(label).from_noise(draws(label, rows), dtype=np.dtype(dtype))[0]


def extreme_draws(label: str) -> np.ndarray:
    """Noise as far out as it ever comes, and farther."""
    far = {"normal": [-40.0, -6.0, 6.0, 40.0], "uniform": [2.0**-24, 1e-3, 1 - 1e-3, 1 - 2.0**-24]}
    return np.array([far.get(kind, far["uniform"]) for kind in flow_of(label).noise]).T


def close(found, expected, tolerance: float) -> None:
    """|found - expected| <= tolerance (1 + |expected|), infinities and NaN alike."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@functools.cache
def session(label: str, direction: str, dtype: str) -> onnxruntime.InferenceSession:
    make = {"log_prob": log_prob_graph, "from_noise": from_noise_graph}[direction]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    target = Target(dtype)
    return onnxruntime.InferenceSession(
        serialize("graph", make(model_of(label).fixed, target), target, ""), options
    )


# --- the two directions ---------------------------------------------------------------------------


@law()
@pytest.mark.parametrize("dtype", DTYPES)
def test_inverse_undoes_forward(label, dtype):
    """y -> x -> y gives y again; both directions tell the same log-determinant."""
    ops, flow = NumpyOps(dtype), model_of(label).fixed
    flow = bind(ops, flow)
    with np.errstate(all="ignore"):
        start = density.sample_base(ops, flow, draws(label).T.astype(dtype))
        y, there = chain.forward(ops, flow.steps, start)
        x, back, _ = chain.inverse(ops, flow.steps, y)
        again, _ = chain.forward(ops, flow.steps, x)
    allowed = {"float32": 2e-5, "float64": 1e-11}[dtype] * LOSS.get(label, 1)
    close(again, y, allowed)
    # Where y carries the x only in part, the slope is that of the x nearest to it.
    ok = np.all(
        np.abs(x - start) <= allowed * (1 + np.abs(start)), axis=tuple(range(start.ndim - 1))
    )
    there, back = (np.broadcast_to(each, ok.shape) for each in (there, back))
    close(back[ok], there[ok], 20 * allowed)
    assert ok.mean() > 0.5


@law()
def test_slope_is_the_derivative(label):
    """The log-determinant of the steps against differences at 50 digits."""
    flow = model_of(label).fixed
    if not flow.steps:
        pytest.skip("a base has no steps")
    ops = MpmathOps()
    bound = bind(ops, flow)
    with np.errstate(all="ignore"):
        start = density.sample_base(
            NumpyOps(), bind(NumpyOps(), flow), draws(label, 4).T.astype(float)
        )
    # A vector of size D tells D^2 slopes: two of them are enough.
    start, size = (start, 1) if flow.base_space.scalar else (start[:, :2], len(start))
    step = mpmath.mpf(10) ** -24
    for row in np.moveaxis(np.atleast_2d(start), -1, 0):
        # The point itself, and moved along each coordinate: one-sided differences lose the digits
        # of the step, of which 50 leave enough.
        x = ops.constant(np.repeat(row[:, None], len(row) + 1, axis=1))
        x[range(len(row)), range(1, len(row) + 1)] += step
        y, log_det = chain.forward(ops, bound.steps, x if start.ndim == 2 else x[0])
        y = np.atleast_2d(np.asarray(y, object))[:size]
        slopes = mpmath.matrix(((y[:, 1 : size + 1] - y[:, :1]) / step).tolist())
        expected = mpmath.log(abs(mpmath.det(slopes)))
        found = np.broadcast_to(np.asarray(log_det, object), y.shape[1:])[0]
        assert abs(found - expected) <= 1e-12 * (1 + abs(expected))


# --- supports -------------------------------------------------------------------------------------


@law()
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_are_in_the_support(label, dtype):
    """Also those from noise that is far out, and after rounding."""
    model, ops = model_of(label), NumpyOps(dtype)
    rows = np.concatenate([draws(label), extreme_draws(label)])
    x, log_prob = model.from_noise(rows, dtype=np.dtype(dtype))
    assert not np.isnan(x).any()
    assert not np.isnan(log_prob).any()
    outside = outside_of(ops, model.fixed.space, x.T)
    assert not np.any(outside)
    assert not np.isnan(model.log_prob(x, dtype=np.dtype(dtype))).any()


@law()
def test_log_prob_outside_the_support_is_minus_infinity(label):
    model = model_of(label)
    inside = points(label, rows=1)
    for columns, part in model.fixed.space.blocks:
        if not isinstance(part, Interval):
            continue
        for end, beyond in ((part.low, -1.0), (part.high, 1.0)):
            if np.isfinite(end):
                x = inside.copy()
                x[..., columns] = end + beyond * max(1.0, abs(end))
                assert model.log_prob(x) == [-np.inf]


@law()
def test_log_prob_of_nan_is_nan(label):
    x = np.full_like(points(label, rows=1), np.nan)
    assert np.isnan(model_of(label).log_prob(x)).all()
    assert np.isnan(session(label, "log_prob", "float64").run(None, {"x": x})[0]).all()


# --- one statement, many interpreters -------------------------------------------------------------


@law()
@pytest.mark.parametrize("dtype", DTYPES)
def test_log_prob_is_the_same_in_numpy_torch_and_onnxruntime(label, dtype):
    torch = pytest.importorskip("torch")
    model, x = model_of(label), points(label, dtype)
    expected = model.log_prob(x, dtype=np.dtype(dtype))
    close(
        session(label, "log_prob", dtype).run(None, {"x": x})[0], expected, tolerance(label, dtype)
    )
    module = flowspec.to_torch(model, dtype=getattr(torch, dtype))
    close(module().log_prob(torch.tensor(x)).detach().numpy(), expected, tolerance(label, dtype))


@law()
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_are_the_same_in_numpy_torch_and_onnxruntime(label, dtype):
    torch = pytest.importorskip("torch")
    from flowspec.ops.torch import TorchOps

    model, rows = model_of(label), draws(label).astype(dtype)
    x, log_prob = model.from_noise(rows, dtype=np.dtype(dtype))
    found, found_log_prob = session(label, "from_noise", dtype).run(None, {"noise": rows})
    close(found, x, tolerance(label, dtype))
    close(found_log_prob, log_prob, tolerance(label, dtype))
    standard = torch.tensor(rows)
    ops = TorchOps(standard.dtype, standard.device)
    found, found_log_prob = density.sample(ops, bind(ops, model.fixed), standard.T)
    close(found.numpy().T, x, tolerance(label, dtype))
    close(np.broadcast_to(found_log_prob, log_prob.shape), log_prob, tolerance(label, dtype))


@pytest.mark.slow
@law()
def test_a_graph_of_a_fixed_batch_gives_the_same_densities(label):
    x = points(label, "float32").astype(np.float32)
    target = Target("float32", batch=ROWS)
    data = serialize("graph", log_prob_graph(model_of(label).fixed, target), target, "")
    fixed = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert fixed.get_outputs()[0].shape == [ROWS]
    free = session(label, "log_prob", "float32").run(None, {"x": x})[0]
    close(fixed.run(None, {"x": x})[0], free, tolerance(label, "float32"))


@law()
def test_a_recorded_formula_replays_to_the_same_digits(label):
    """Written on a tape and run from it by numpy: what C and gradients are to be written from."""
    flow, rows, x = model_of(label).fixed, draws(label).astype(float).T, points(label).T
    for formula, given in ((density.log_prob, x), (density.sample, rows)):
        tape, ops = TapeOps(np.float64), NumpyOps()
        recorded = formula(
            tape, bind(tape, flow), tape.input("given", (*given.shape[:-1], BATCH), np.float64)
        )
        recorded = recorded if isinstance(recorded, tuple) else (recorded,)
        for i, value in enumerate(recorded):
            tape.output(str(i), value)
        with np.errstate(all="ignore"):
            expected = formula(ops, bind(ops, flow), given)
            for written in (tape.tape, simplified(tape.tape)):
                found = list(replay(written, ops, {"given": given}).values())
                for one, other in zip(
                    found, expected if len(found) > 1 else [expected], strict=True
                ):
                    np.testing.assert_array_equal(one, other)


@law()
def test_json_gives_the_flow_back(label):
    flow = flow_of(label)
    again = flowspec.from_json(flow.to_json())
    assert again.to_json() == flow.to_json()
    x = points(label)
    np.testing.assert_array_equal(Model(again).log_prob(x), model_of(label).log_prob(x))


@law()
def test_gradients_are_finite(label):
    """Of log_prob by the point and by every trained parameter, at samples, far out, and outside."""
    torch = pytest.importorskip("torch")
    model = model_of(label)
    rows = np.concatenate([draws(label), extreme_draws(label)])
    inside = model.from_noise(rows)[0]
    x = np.concatenate([inside, inside + 1e3, inside - 1e3])
    # A density that is 0 in float64, inside of the support, has no gradient of its logarithm.
    x = x[
        (model.log_prob(x) > np.finfo(float).min)
        | np.broadcast_to(outside_of(NumpyOps(), model.fixed.space, x.T), len(x))
    ]
    x = torch.tensor(x, requires_grad=True)
    module = flowspec.to_torch(model, dtype=torch.float64)
    log_prob = module().log_prob(x)
    torch.where(torch.isfinite(log_prob), log_prob, 0.0).sum().backward()
    assert x.grad is None or torch.isfinite(x.grad).all()
    for name, parameter in module.named_parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all(), name
