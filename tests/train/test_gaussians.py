"""A mixture of Gaussians in an ensemble: by expectation maximization, in the units of the data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.train.gaussians import log_density

RANDOM = np.random.default_rng(0)
GROUPS = np.concatenate([RANDOM.normal(m, 0.1, (60, 2)) for m in ([0, 0], [5, 5], [0, 9])])
"""Three groups that lie far apart."""
NEW = np.concatenate([RANDOM.normal(m, 0.1, (60, 2)) for m in ([0, 0], [5, 5], [0, 9])])
FLOW = "NSF(2, transforms=1, hidden=[4]) |> Standardize"
SETTINGS = {"epochs": 2, "gaussians": 0.5}


def test_groups_that_lie_apart_are_learned_at_once():
    truth = -np.log(3) - np.log(2 * np.pi * 0.01) - 1
    model = flowspec.fit(flowspec.parse(FLOW), GROUPS, **SETTINGS)
    alone = flowspec.fit(flowspec.parse(FLOW), GROUPS, epochs=2)
    assert model.log_prob(NEW).mean() > truth - np.log(2) - 0.2
    assert alone.log_prob(NEW).mean() < truth - 2


def test_its_share_and_its_components_stand_in_the_flow():
    base = flowspec.fit(flowspec.parse(FLOW), GROUPS, ensemble=2, **SETTINGS).flow.base
    assert np.allclose(base.weights, [0.25, 0.25, 0.5])
    assert base.bases[-1].base.components == 10 * (3 + 1)


def test_the_mean_of_ten_mixtures_is_above_one_of_them():
    known, new = (RANDOM.standard_t(5, (count, 3)) for count in (100, 2000))
    model = flowspec.fit(flowspec.parse("NSF(3, transforms=1) |> Standardize"), known, epochs=1,
                         gaussians=0.99)  # fmt: skip
    assert model.log_prob(new).mean() > log_density(known, new, 10).mean()


@pytest.mark.parametrize("tail", ["Onto(event)", "Onto(event, tails=[a])"])
def test_it_stands_behind_the_support_that_was_declared(tail):
    scaled = "Standardize" if tail == "Onto(event)" else "on(b) { Standardize }"
    text = f"event a: positive, b\nNSF(2, transforms=1, hidden=[4]) |> {scaled} |> {tail}"
    rows = np.abs(GROUPS) + 0.01
    model = flowspec.fit(flowspec.parse(text), rows, **SETTINGS)
    assert np.isfinite(model.log_prob(rows)).all()
    assert (model.log_prob([[-1.0, 0.0]]) == -np.inf).all()


@pytest.mark.parametrize(
    "text",
    ["NSF(2)", "event b\ncontext a\nMAF(1) |> Standardize", "Normal(0, 1) |> Standardize",
     "event a: circle(0, 9), b\nNSF(event) |> Standardize |> Onto(event)"],
)  # fmt: skip
def test_where_it_cannot_stand_it_is_refused(text):
    flow = flowspec.parse(text)
    rows = np.abs(GROUPS) if flow.space.size == 2 else (GROUPS[:, 0], GROUPS[:, 1])
    data, context = (rows, None) if flow.context is None else rows
    data = data[0] if isinstance(data, tuple) else data
    with pytest.raises(flowspec.FlowError, match="mixture of Gaussians cannot stand beside"):
        flowspec.fit(flow, data, context, **SETTINGS)
