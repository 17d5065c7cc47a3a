"""The way to the base, and gradients, of an open bundle."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError

pytestmark = pytest.mark.slow

GIVEN = "context t: positive\nevent a: real, b: positive\nNormal([0, 1], t) |> Onto(event)"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Bundles with gradients, of a text each."""
    made = {}

    def bundle(text, **options):
        key = (text, *options.items())
        if key not in made:
            path = tmp_path_factory.mktemp("made") / "bundle"
            flowspec.compile(flowspec.parse(text), path, gradient=True, **options)
            made[key] = flowspec.load(path)
        return made[key]

    return bundle


def refused(function, *arguments, **options) -> str:
    with pytest.raises(FlowError) as caught:
        function(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "latent"),
    [
        ("Normal(1, 2) |> Exp", ["normal"]),
        ("Laplace(0, 0.3) |> Tanh", ["uniform"]),
        ("LogNormal(0, 2) |> Log", ["normal"]),
        ("CircularUniform(0, 3)", ["uniform"]),
        ("Truncated(Normal(0, 1), -1, 2)[2]", ["uniform", "uniform"]),
        ("MultivariateNormal([0, 1], [[2, 0.5], [0.5, 1]]) |> Exp", ["normal", "normal"]),
        ("Join(Normal(0, 1) |> Exp, Uniform(0, 2))", ["normal", "uniform"]),
        ("Uniform(0, 1) |> Affine(0, 400)", ["uniform"]),
    ],
)
def test_noise_that_can_be_undone_comes_back(bundles, text, latent):
    bundle = bundles(text)
    assert bundle.about["latent"] == latent
    noise = np.array([[0.1, 0.6], [0.9, 0.3], [0.5, 0.5]], np.float32)[:, : len(latent)]
    x, log_prob = bundle.from_noise(noise)
    z, again = bundle.to_base(x)
    np.testing.assert_allclose(z.reshape(noise.shape), noise, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(again, log_prob, rtol=1e-5, atol=1e-5)


def test_other_bases_give_their_own_points(bundles):
    bundle = bundles("Beta(0.5, 3) |> Affine(0, 400)")
    assert bundle.about["latent"] == ["Beta(0.5, 3)"]
    np.testing.assert_allclose(bundle.to_base([4.0, 100.0])[0], [0.01, 0.25], rtol=1e-6)
    assert bundles("HalfNormal(2)").about["latent"] == ["HalfNormal(2)"]
    mixed = bundles("Join(Normal(0, 1), Gamma(2, 1))")
    assert mixed.about["latent"] == ["normal", "Gamma(2)"]


def test_a_simplex_comes_from_fewer_coordinates(bundles):
    bundle = bundles("event p, q, r: simplex\nNormal(0, 1)[2] |> Onto(event)")
    x = bundle.sample(5, seed=1)
    z, _ = bundle.to_base(x)
    assert (x.shape, z.shape) == ((5, 3), (5, 2))
    np.testing.assert_allclose(bundle.from_noise(z)[0], x, atol=1e-6)


def test_points_outside_come_from_nowhere(bundles):
    z, log_prob = bundles("Normal(1, 2) |> Exp").to_base([-1.0, 1.0, np.nan])
    assert np.isnan(z).tolist() == [True, False, True]
    assert log_prob[0] == -np.inf and np.isnan(log_prob[2])


def test_gradients_of_the_density(bundles):
    bundle = bundles(GIVEN)
    x, t = np.array([[0.3, 2.0], [1.0, 0.5], [0.0, -1.0]], np.float32), np.float32([[2], [1], [1]])
    found = bundle.log_prob_grad(x, t)
    scale = t[:, 0].astype(float)
    z = np.stack([x[:, 0], np.log(np.maximum(x[:, 1], 1e-9)) - 1], axis=1) / scale[:, None]
    by_x = np.stack([-z[:, 0] / scale, (-z[:, 1] / scale - 1) / x[:, 1]], axis=1)
    by_t = ((z**2).sum(1) - 2) / scale
    np.testing.assert_allclose(found.x_grad[:2], by_x[:2], rtol=1e-5)
    np.testing.assert_allclose(found.context_grad[:2, 0], by_t[:2], rtol=1e-5)
    np.testing.assert_array_equal(found.log_prob, bundle.log_prob(x, t))
    assert not found.x_grad[2].any() and not found.context_grad[2].any()


def test_gradients_through_samples(bundles):
    """The reparametrization gradient of E[x^2 + log p(x)] for x = exp(mean + t z)."""
    bundle = bundles("context t: positive\nNormal(1, t) |> Exp")
    noise, t = np.float32([[0.5], [-1.0]]), np.float32([[0.3], [0.3]])
    x, _ = bundle.from_noise(noise, t)
    found = bundle.from_noise_grad(noise, 2 * x, np.ones(2, np.float32), t)
    by_log_x = 2 * x * x - 1  # log p(x) = log N(z) - log t - log x
    np.testing.assert_allclose(found.x, x)
    np.testing.assert_allclose(
        found.context_grad[:, 0], by_log_x * noise[:, 0] - 1 / t[:, 0], rtol=1e-5
    )
    np.testing.assert_allclose(found.noise_grad[:, 0], by_log_x * t[:, 0] - noise[:, 0], rtol=1e-5)
    assert not bundle.from_noise_grad(noise, 0 * x, context=t).noise_grad.any()


def test_without_a_context_there_is_no_gradient_of_it(bundles):
    bundle = bundles("Normal(1, 2)")
    assert bundle.log_prob_grad([1.0]).context_grad is None
    found = bundle.from_noise_grad([[0.0]], [1.0])
    assert found.context_grad is None and found.noise_grad.tolist() == [[2.0]]


def test_large_and_empty_inputs(bundles):
    bundle = bundles("Normal(1, 2)")
    x = np.linspace(-3, 3, 10_000, dtype=np.float32)
    np.testing.assert_allclose(bundle.log_prob_grad(x).x_grad, (1 - x) / 4, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bundle.to_base(x)[0], (x - 1) / 2, rtol=1e-5, atol=1e-6)
    assert bundle.log_prob_grad(x[:0]).x_grad.shape == (0,)


def test_a_fixed_batch_has_them_too(bundles):
    bundle = bundles("Normal(1, 2) |> Exp", batch=4)
    x = np.float32([1, 2, 3, 4, 5])
    assert bundle.to_base(x)[0] == pytest.approx((np.log(x) - 1) / 2, abs=1e-6)
    slope = -((np.log(x) - 1) / 4 + 1) / x
    assert bundle.log_prob_grad(x).x_grad == pytest.approx(slope, rel=1e-5)


def test_what_is_missing_or_does_not_fit_is_told(bundles, tmp_path):
    plain = flowspec.load(flowspec.compile(flowspec.parse("Normal(1, 2)"), tmp_path / "plain"))
    assert "`flowspec compile --gradient` writes it" in refused(plain.log_prob_grad, [1.0])
    told = refused(plain.from_noise_grad, [[1.0]], [1.0])
    assert "error[graph-missing]" in told and "has no from_noise_grad.onnx" in told
    bundle = bundles("Normal(1, 2)")
    told = refused(bundle.from_noise_grad, [[1.0], [2.0]], [1.0])
    assert "error[unlike-rows]" in told and "`x_cotangent` has 1 row, and `noise` 2" in told


def test_the_gradient_of_the_density_alone(tmp_path):
    text = "context t: positive\nGamma(t, 1)"
    told = refused(flowspec.compile, flowspec.parse(text), tmp_path / "made", gradient=True)
    assert "the base holds draws of Gamma, Beta and StudentT with respect to the context" in told
    assert "--gradient log_prob" in told and not (tmp_path / "made").exists()
    flowspec.compile(flowspec.parse(text), tmp_path / "made", gradient="log_prob")
    bundle = flowspec.load(tmp_path / "made")
    assert bundle.graphs[-1] == "log_prob_grad"
    # log p(x) = (t - 1) log x - x - lgamma(t)
    found = bundle.log_prob_grad([2.0], [[3.0]])
    assert found.x_grad[0] == pytest.approx(0.0, abs=1e-6)
    assert found.context_grad[0, 0] == pytest.approx(np.log(2) - 0.9227843350984671, abs=1e-6)
