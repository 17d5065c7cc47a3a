"""Elementwise steps: parameters from the context, or learned. (zuko's numbers: tests/importers.)"""

import numpy as np

import flowspec
from flowspec.model.model import Model


def test_without_context_the_parameters_are_learned():
    flow = flowspec.parse("Normal(0, 1)[2] |> Elementwise(RQS(bins=4))")
    assert sorted(flow.learned()) == [
        f"steps.0.univariate.{name}" for name in ("heights", "slopes", "widths")
    ]


def test_with_a_context_they_follow_from_it():
    model = Model(
        flowspec.parse(
            "context c: real  Normal(0, 1)[2] |> Elementwise(MonotonicAffine, hidden=[8])"
        )
    )
    x, _ = model.from_noise(np.zeros((2, 2)), np.array([[0.0], [1.0]]))
    assert (x[0] != x[1]).all()
    assert all(path.startswith(("steps.0.network", "context")) for path in model.flow.learned())


def test_what_is_written_is_not_predicted():
    flow = flowspec.parse(
        "context c: real  Normal(0, 1)[2] |> Elementwise(MonotonicAffine(log_scale=0), hidden=[8])"
    )
    x = np.random.default_rng(0).normal(size=(5, 2))
    log_prob = Model(flow).log_prob(x, np.ones((5, 1)))
    shift = Model(flow).from_noise(np.zeros((1, 2)), np.ones((1, 1)))[0]
    expected = -0.5 * ((x - shift) ** 2).sum(axis=1) - np.log(2 * np.pi)
    np.testing.assert_allclose(log_prob, expected)
