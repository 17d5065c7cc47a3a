"""GaussianMixture against scipy; its network with a context. (zuko's numbers: tests/importers.)"""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.model.model import Model


def components(values, size, count):
    """Weights, locations and covariances from the free numbers of a full mixture."""
    logits, rest = values[:count], values[count:]
    loc = rest[: count * size].reshape(count, size)
    rest = rest[count * size :]
    scale, below = (
        np.exp(rest[: count * size]).reshape(count, size) + 1e-6,
        rest[count * size :].reshape(count, -1),
    )
    factors = np.zeros((count, size, size))
    for k in range(count):
        factors[k][np.tril_indices(size, -1)] = below[k]
        factors[k] += np.diag(scale[k])
    return np.exp(logits) / np.exp(logits).sum(), loc, factors @ factors.transpose(0, 2, 1)


def test_density_is_that_of_scipy():
    model = Model(flowspec.parse("GaussianMixture(3, components=2)"))
    parameters = components(model.complete_weights["base.network.0.values"], 3, 2)
    x = np.random.default_rng(0).normal(size=(50, 3)) * 2
    expected = sum(
        w * stats.multivariate_normal(loc, cov).pdf(x)
        for w, loc, cov in zip(*parameters, strict=True)
    )
    np.testing.assert_allclose(model.log_prob(x), np.log(expected), rtol=1e-10)


def test_samples_have_the_moments_of_the_mixture():
    model = Model(flowspec.parse("GaussianMixture(3, components=2)"))
    weights, loc, covariances = components(model.complete_weights["base.network.0.values"], 3, 2)
    random = np.random.default_rng(0)
    rows = 200_000
    x, _ = model.from_noise(
        np.concatenate([random.uniform(size=(rows, 1)), random.normal(size=(rows, 3))], axis=1)
    )
    mean = weights @ loc
    centred = loc - mean
    cov = np.einsum("k,kij->ij", weights, covariances) + np.einsum(
        "k,ki,kj->ij", weights, centred, centred
    )
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=6 * np.sqrt(np.diag(cov).max() / rows))
    np.testing.assert_allclose(np.cov(x.T), cov, atol=0.05 * np.diag(cov).max())


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_with_a_context_a_network_gives_the_parameters(covariance, tmp_path):
    text = (
        "context c: real, d: real  "
        f'GaussianMixture(2, components=3, covariance="{covariance}", hidden=[8])'
    )
    model = Model(flowspec.parse(text))
    assert all(path.startswith(("base.network", "context")) for path in model.flow.learned())
    x, context = np.random.default_rng(0).normal(size=(2, 6, 2))
    assert len(set(model.log_prob(np.zeros((6, 2)), context))) == 6
    flowspec.compile(model, tmp_path / "b")
    bundle = flowspec.load(tmp_path / "b")
    np.testing.assert_allclose(
        bundle.log_prob(x, context=context), model.log_prob(x, context), rtol=1e-5
    )
    assert bundle.sample(context=context, seed=1).shape == (6, 2)


def test_one_component_is_a_normal_distribution():
    model = Model(flowspec.parse('GaussianMixture(2, components=1, covariance="spherical")'))
    _, a, b, log_scale = model.complete_weights["base.network.0.values"]
    x = np.random.default_rng(0).normal(size=(5, 2))
    expected = stats.norm([a, b], np.exp(log_scale) + 1e-6).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(model.log_prob(x), expected)
