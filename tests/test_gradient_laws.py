"""What holds for the gradient graphs of every base and step: asked of the registry, and of the
architectures."""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

import flowspec  # noqa: E402 (after the skip)
from flowspec.export.graphs import (  # noqa: E402
    from_noise_grad_graph,
    log_prob_grad_graph,
    log_prob_graph,
    serialize,
)
from flowspec.export.targets import Target  # noqa: E402
from flowspec.export.vectors import (  # noqa: E402
    example_context,
    graph_inputs,
    replayed,
)
from flowspec.model import density  # noqa: E402
from flowspec.model.model import Model  # noqa: E402
from flowspec.ops.mpmath import MpmathOps  # noqa: E402
from flowspec.ops.numpy import NumpyOps  # noqa: E402
from flowspec.ops.philox import noise  # noqa: E402
from flowspec.ops.tape.replay import replay  # noqa: E402
from tests.test_laws import CASES, flow_of  # noqa: E402

pytestmark = pytest.mark.slow

ROWS = 8
DOUBLE = Target("float64")
GIVEN = "context t: positive, u: real\n"
FLOWS = {
    "MAF": "MAF(3, hidden=[8])",
    "NSF": "NSF(2, transforms=2, hidden=[8])",
    "NCSF": "NCSF(2, transforms=1, hidden=[8])",
    "NICE": "NICE(3, hidden=[8])",
    "RealNVP": "RealNVP(3, hidden=[8])",
    "SOSPF": "SOSPF(2, transforms=1, hidden=[8])",
    "NAF": "NAF(2, transforms=1, hidden=[8])",
    "UNAF": "UNAF(2, transforms=1, hidden=[8])",
    "BPF": "BPF(2, transforms=1, hidden=[8])",
    "GF": "GF(2, transforms=1)",
    "CNF": "CNF(2, hidden=[8])",
    "BNAF": "BNAF(2, transforms=1, hidden=[4])",
    "GMM": "GaussianMixture(2, components=3)",
    "loop": "Normal(0, 1)[70] |> inverse { Autoregressive(MonotonicAffine, hidden=[8]) }",
    "mixture": "Mixture([1, 2], NSF(2, transforms=1, hidden=[4]), MAF(2, hidden=[4]))",
    "given MAF": GIVEN + "MAF(2, hidden=[8])",
    "given CNF": GIVEN + "CNF(2, hidden=[4])",
    "given BNAF": GIVEN + "BNAF(2, transforms=1, hidden=[4])",
    "given base": GIVEN + "Join(Gamma(t, 1), Beta(t, 2), StudentT(t, u, 1), Normal(u, t) |> Exp)",
    "given ends": GIVEN + "Normal(0, 1) |> Sigmoid |> Affine(u, t)",
}
LABELS = [*CASES, *FLOWS]


@functools.cache
def model_of(label: str) -> Model:
    return Model(flowspec.parse(FLOWS[label]) if label in FLOWS else flow_of(label))


@functools.cache
def data_of(label: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Noise, the points that it gives, and the context."""
    model = model_of(label)
    standard = np.asarray(
        noise(NumpyOps("float64"), np.int64(3), np.arange(ROWS), list(model.flow.noise))
    ).T
    context = example_context(model.flow, ROWS, "float64")
    return standard, model.from_noise(standard, context)[0], context


def gradient_feeds(tape, points: np.ndarray, context: np.ndarray | None) -> dict:
    """Inputs of a graph: its points or its noise, the context, and cotangents between -1 and 1."""
    feeds = {}
    for name, entry in tape.inputs.items():
        shape = (len(points), *(size or 1 for size in entry.shape[1:]))
        waves = np.cos(np.arange(np.prod(shape))).reshape(shape)
        feeds[name] = waves if name.endswith("_cotangent") else points
    return feeds | ({} if context is None else {"context": context})


def turned(x):
    """(N, D) to (D, N) and back; a vector as it is."""
    return x.T if x.ndim == 2 else x


def of_torch(label: str, formula, *points: np.ndarray) -> list[np.ndarray]:
    """The gradients of sum(formula(ops, bound flow, *points)) with respect to points and context,
    by torch.
    """
    module = flowspec.to_torch(model_of(label), dtype=torch.float64)
    context = data_of(label)[2]
    tensors = [torch.tensor(x, requires_grad=True) for x in points]
    given = None if context is None else torch.tensor(context, requires_grad=True)
    ops, flow = module.bound(tensors[0], None if given is None else given.T)
    total = formula(ops, flow, *tensors).sum()
    if total.requires_grad:  # noise of samplers that reject has none
        total.backward()
    leaves = [*tensors, *([] if given is None else [given])]
    return [(x.grad if x.grad is not None else torch.zeros_like(x)).numpy() for x in leaves]


@pytest.mark.parametrize("label", LABELS)
def test_density_gradients_are_those_of_torch(label):
    _, x, context = data_of(label)
    tape = log_prob_grad_graph(model_of(label).fixed, DOUBLE)
    found = replayed(tape, gradient_feeds(tape, x, context))
    expected = of_torch(label, lambda ops, flow, x: density.log_prob(ops, flow, turned(x)), x)
    np.testing.assert_allclose(found["x_grad"], expected[0], rtol=1e-9, atol=1e-9)
    if context is not None:
        np.testing.assert_allclose(found["context_grad"], expected[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("label", [label for label in LABELS if label != "given base"])
def test_sample_gradients_are_those_of_torch(label):
    standard, x, context = data_of(label)
    tape = from_noise_grad_graph(model_of(label).fixed, DOUBLE)
    feeds = gradient_feeds(tape, standard, context)
    found = replayed(tape, feeds)
    np.testing.assert_allclose(found["x"], x, rtol=1e-9, atol=1e-12)

    def weighted(ops, flow, standard):
        x, log_prob = density.sample(ops, flow, standard.T)
        of_x = torch.tensor(feeds["x_cotangent"]) * turned(x)
        return of_x.sum() + (torch.tensor(feeds["log_prob_cotangent"]) * log_prob).sum()

    expected = of_torch(label, weighted, standard)
    np.testing.assert_allclose(found["noise_grad"], expected[0], rtol=1e-8, atol=1e-8)
    if context is not None:
        np.testing.assert_allclose(found["context_grad"], expected[1], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("label", [label for label in LABELS if label != "loop"])  # too long
def test_density_gradients_are_the_slopes_at_fifty_digits(label):
    """Along one direction, from both sides: the same formula, with digits to spare."""
    _, x, context = data_of(label)
    model, exact = model_of(label), MpmathOps()
    gradient = log_prob_grad_graph(model.fixed, DOUBLE)
    feeds = gradient_feeds(gradient, x[:1], None if context is None else context[:1])
    found = replayed(gradient, feeds)
    tape, step = log_prob_graph(model.fixed, DOUBLE), mpmath.mpf(10) ** -18
    directions = {
        name: np.abs(v) * np.cos(np.arange(v.size) + 1.0).reshape(v.shape)
        for name, v in feeds.items()
    }
    ends = []
    for side in (-1, 1):
        moved = {
            name: exact.constant(value) + side * step * exact.constant(directions[name])
            for name, value in feeds.items()
        }
        ends.append(replay(tape, exact, moved)["log_prob"][0])
    slope = float((ends[1] - ends[0]) / (2 * step))
    along = sum(float(np.sum(found[f"{name}_grad"] * v)) for name, v in directions.items())
    size = sum(float(np.sum(np.abs(found[f"{name}_grad"] * v))) for name, v in directions.items())
    assert along == pytest.approx(slope, rel=1e-8, abs=1e-8 * (1 + size))


@pytest.mark.parametrize("label", LABELS)
def test_gradients_are_finite_at_the_ends_and_nothing_outside(label):
    """In a graph of float32: on samples, on the ends of the support, beyond them, and on NaN."""
    model, target = model_of(label), Target("float32")
    feeds = graph_inputs("log_prob_grad", model, target)
    points = feeds["x"]
    tape = log_prob_grad_graph(model.fixed, target)
    session = onnxruntime.InferenceSession(serialize("graph", tape, target, ""))
    found = dict(zip(tape.outputs, session.run(None, feeds), strict=True))
    missing = np.isnan(points).reshape(len(points), -1).any(1)
    outside = np.isneginf(found["log_prob"])
    for name in (name for name in found if name.endswith("_grad")):
        rows = found[name].reshape(len(points), -1)
        assert np.isfinite(rows[~missing]).all(), name
        assert (rows[outside] == 0).all(), name
