"""`flowspec.fit` reaches the maximum likelihood that is known, and says what is wrong with data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec

FLOW = "Normal(0, 1)[2] |> Affine(learn(0), learn(1))"


@pytest.fixture
def data():
    return np.random.default_rng(0).normal([3.0, -1.0], [0.5, 2.0], (600, 2))


@pytest.mark.slow
def test_reaches_the_maximum_of_the_likelihood(data):
    model = flowspec.fit(
        flowspec.parse(FLOW), data, epochs=120, learning_rate=0.03, validation=0.0, batch_size=60
    )
    weights = model.complete_weights
    np.testing.assert_allclose(weights["steps.0.shift"], data.mean(0), atol=0.1)
    np.testing.assert_allclose(np.abs(weights["steps.0.scale"]), data.std(0), rtol=0.1)


def test_standardize_takes_its_numbers_from_the_data(data):
    model = flowspec.fit(
        flowspec.parse("Normal(0, 1)[2] |> Standardize"), data, epochs=1, validation=0.0
    )
    drawn = model.from_noise(np.random.default_rng(1).normal(size=(4000, 2)))[0]
    np.testing.assert_allclose(drawn.mean(0), data.mean(0), atol=0.15)
    np.testing.assert_allclose(drawn.std(0), data.std(0), rtol=0.05)


def test_same_seed_gives_the_same_weights(data):
    first, second = (
        flowspec.fit(flowspec.parse(FLOW), data, epochs=3, seed=4).complete_weights
        for _ in range(2)
    )
    for path in first:
        np.testing.assert_array_equal(first[path], second[path])


def test_better_than_the_start(data):
    flow = flowspec.parse(FLOW)
    fitted = flowspec.fit(flow, data, epochs=20)
    assert fitted.log_prob(data).mean() > flowspec.Model(flow).log_prob(data).mean() + 1


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (np.zeros((0, 2)), "row"),
        (np.zeros((5, 3)), "3"),
        (np.full((5, 2), np.nan), "not finite in 5 of 5"),
        (np.full((5, 2), np.inf), "not finite in 5 of 5"),
    ],
)
def test_bad_data_is_told(rows, word):
    with pytest.raises(flowspec.FlowError, match=word):
        flowspec.fit(flowspec.parse(FLOW), rows, epochs=1)


def test_data_outside_the_support_is_told():
    with pytest.raises(flowspec.FlowError, match="positive"):
        flowspec.fit(
            flowspec.parse("event x: positive\nNormal(learn(0), 1) |> Exp"),
            np.array([1.0, -2.0]),
            epochs=1,
        )


def test_nothing_to_learn_is_told(data):
    with pytest.raises(flowspec.FlowError, match="nothing to learn"):
        flowspec.fit(flowspec.parse("Normal(0, 1)[2]"), data)
