"""What a training starts from, and where its weight decay draws it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

import flowspec

MIXED = np.random.default_rng(1).normal(size=(6, 6))
ROWS = np.random.default_rng(0).normal(size=(1500, 6)) @ MIXED
OTHERS = np.random.default_rng(2).normal(size=(3000, 6)) @ MIXED


def gaussian() -> float:
    """What one Gaussian scores, fitted to the same rows."""
    density = multivariate_normal(ROWS.mean(axis=0), np.cov(ROWS.T))
    return float(density.logpdf(OTHERS).mean())


def test_a_flow_with_lu_linear_starts_at_one_gaussian():
    flow = flowspec.parse("Normal(0, 1)[6] |> LULinear |> Standardize")
    model = flowspec.fit(flow, ROWS, epochs=1, steps=0, learning_rate=1e-9, validation=0)
    assert_allclose(model.log_prob(OTHERS).mean(), gaussian(), atol=0.01)


def test_weight_decay_leaves_matrices_and_scales_alone():
    flow = flowspec.parse("Normal(0, 1)[6] |> LULinear |> Standardize")
    settings = {"optimizer": "adamw", "weight_decay": 1, "learning_rate": 1e-2}
    model = flowspec.fit(flow, ROWS, epochs=40, **settings)
    assert_allclose(model.log_prob(OTHERS).mean(), gaussian(), atol=0.03)


def test_weight_decay_draws_networks_to_nought():
    flow = flowspec.parse("NSF(6, transforms=1, hidden=[8]) |> Standardize")
    norms = [
        np.sqrt(sum(np.sum(w**2) for path, w in model.weights.items() if ".network." in path))
        for decay in (0, 10)
        for model in [flowspec.fit(flow, ROWS, epochs=15, optimizer="adamw", weight_decay=decay)]
    ]
    assert norms[1] < 0.7 * norms[0]


def test_networks_without_hidden_layers_are_not_drawn_to_nought():
    flow = flowspec.parse(f"{LINE} |> Standardize")
    settings = {"optimizer": "adamw", "weight_decay": 1, "learning_rate": 1e-2}
    model = flowspec.fit(flow, ROWS[:, :2], context=ROWS[:, 2:], epochs=40, **settings)
    found = model.log_prob(OTHERS[:, :2], OTHERS[:, 2:]).mean()
    assert_allclose(found, conditional_gaussian(), atol=0.03)


LINE = """context a, b, c, d
event x, y
Normal(0, 1)[2] |> LULinear |> Elementwise(MonotonicAffine, hidden=[])"""


def conditional_gaussian() -> float:
    """What the first two columns given the others score under one Gaussian."""
    density = multivariate_normal(ROWS.mean(axis=0), np.cov(ROWS.T))
    given = multivariate_normal(ROWS[:, 2:].mean(axis=0), np.cov(ROWS[:, 2:].T))
    return float(density.logpdf(OTHERS).mean() - given.logpdf(OTHERS[:, 2:]).mean())


def started(flow: str, rows: np.ndarray, context: np.ndarray, **options: object) -> flowspec.Model:
    """The flow with the weights from which its training starts."""
    settings = {"epochs": 1, "steps": 0, "learning_rate": 1e-9, "validation": 0}
    return flowspec.fit(flowspec.parse(flow), rows, context=context, **settings, **options)


def test_a_step_without_hidden_layers_starts_at_the_line_on_the_context():
    model = started(f"{LINE} |> Standardize", ROWS[:, :2], ROWS[:, 2:])
    found = model.log_prob(OTHERS[:, :2], OTHERS[:, 2:]).mean()
    assert_allclose(found, conditional_gaussian(), atol=0.01)


@pytest.mark.parametrize(
    "step",
    [
        "Elementwise(MonotonicAffine, hidden=[])",
        "Elementwise(MonotonicAffine(log_scale=-1), hidden=[])",
        "Elementwise(Affine(learn(3), learn(-2)), hidden=[])",
        "Elementwise(Affine(learn(0), [0.5, 2]), hidden=[])",
        "Elementwise(Shift(learn(0)), hidden=[])",
        "on(x) { Elementwise(MonotonicAffine, hidden=[]) }",
    ],
)
@pytest.mark.parametrize("scale", [1.0, -30.0])
def test_the_start_takes_the_line_out_whatever_the_affine_step(step, scale):
    context = np.random.default_rng(4).normal(3, 2, (500, 2))
    noise = np.random.default_rng(5).normal(size=500)
    x = scale * (2 * context[:, 0] - context[:, 1] + 5 + 0.1 * noise)
    rows = np.stack([x, np.random.default_rng(6).normal(size=500)], axis=1)
    flow = f"context c, d\nevent x, y\nNormal(0, 1)[2] |> {step}"
    z, _ = started(flow, rows, context).to_base(rows, context)
    assert abs(np.corrcoef(z[:, 0], context[:, 0])[0, 1]) < 0.02
    assert abs(z[:, 0].mean()) < 1e-3


@pytest.mark.parametrize("slope", [1e-3, 0.3])
def test_the_start_has_the_spread_about_the_line(slope):
    context = np.random.default_rng(4).normal(3, 2, (300, 2))
    noise = np.random.default_rng(5).normal(size=(300, 2)) * [0.5, 3]
    x = context @ [[2, 1], [-1, 1]] + noise
    step = f"Elementwise(MonotonicAffine(slope={slope}), hidden=[])"
    z, _ = started(f"context c, d\nevent x, y\nNormal(0, 1)[2] |> {step}", x, context).to_base(
        x, context
    )
    least = max(1 / 3, slope**0.9)
    assert_allclose(z.std(axis=0), [min(2, slope**-0.9) * 0.5, least * 3], rtol=0.05)


def test_the_line_sees_angles_of_the_context_as_networks_do():
    angle = np.random.default_rng(4).uniform(-np.pi, np.pi, (800, 1))
    x = 7 * np.sin(angle[:, 0]) + 0.1 * np.random.default_rng(5).normal(size=800)
    flow = "context c: circle\nevent x\nNormal(0, 1) |> Elementwise(MonotonicAffine, hidden=[])"
    z, _ = started(flow, x[:, None], angle).to_base(x[:, None], angle)
    assert_allclose(z.std(), 1, rtol=1e-3)


def test_rows_of_weight_nought_do_not_count_for_the_line():
    context = np.linspace(-1, 1, 400)[:, None]
    x = np.where(np.arange(400) < 200, context[:, 0], -5 * context[:, 0] + 3)
    x += 0.1 * np.random.default_rng(8).normal(size=400)
    weights = (np.arange(400) < 200).astype(float)
    flow = "context c\nevent x\nNormal(0, 1) |> Elementwise(MonotonicAffine, hidden=[])"
    z, _ = started(flow, x[:, None], context, weights=weights).to_base(x[:, None], context)
    assert_allclose(z[:200].std(), 1, rtol=1e-3)


def test_where_the_context_tells_nothing_the_line_is_flat():
    random = np.random.default_rng(7)
    context, x = random.normal(size=(60, 40)), random.normal(size=(60, 1))
    names = ", ".join(f"c{i}" for i in range(40))
    flow = f"context {names}\nevent x\nNormal(0, 1) |> Elementwise(MonotonicAffine, hidden=[])"
    z, _ = started(flow, x, context).to_base(x, context)
    assert abs(np.corrcoef(z.reshape(-1), x[:, 0])[0, 1]) > 0.9
