"""Coupling steps: which coordinates pass, and what the others depend on.

zuko's numbers: tests/importers.
"""

import numpy as np
import pytest

import flowspec
from flowspec import FlowError
from flowspec.model.model import Model


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("Coupling(MonotonicAffine)", [1, 3]),
        ("Coupling(MonotonicAffine, parity=1)", [0, 2, 4]),
        ("Coupling(MonotonicAffine, mask=[1, 0, 0, 1, 0])", [0, 3]),
    ],
)
def test_some_coordinates_pass(text, passing):
    model = Model(flowspec.parse(f"Normal(0, 1)[5] |> {text}"))
    noise = np.random.default_rng(0).normal(size=(20, 5))
    x, _ = model.from_noise(noise)
    assert np.flatnonzero((x == noise).all(axis=0)).tolist() == passing
    for coordinate in range(5):
        nudged = noise.copy()
        nudged[:, coordinate] += 1
        changed = np.flatnonzero((model.from_noise(nudged)[0] != x).any(axis=0)).tolist()
        expected = [
            i for i in range(5) if i == coordinate or (coordinate in passing and i not in passing)
        ]
        assert changed == expected


def test_supports_of_the_coordinates_that_pass_stay():
    flow = flowspec.parse("Join(Exponential(1), Normal(0, 1)) |> Coupling(RQS, mask=[1, 0])")
    assert str(flow.space.supports[0]) == "nonnegative"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Coupling(RQS, mask=[1, 0])", "2 numbers"),
        ("Coupling(RQS, mask=[1, 1, 1])", "leaves nothing to change"),
        ("Coupling(RQS, mask=[1, 2, 0])", "from 0 to 1"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        flowspec.parse(f"Normal(0, 1)[3] |> {text}")
