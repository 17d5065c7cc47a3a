"""`NSF(event)`: a flow that begins with the numbers and the angles of its event."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec import Model
from flowspec.diagnostics.diagnostic import FlowError

EVENT = "event x: real, a: circle(-pi, pi), y: positive, b: circle(0, 360), p, q, r: simplex\n"
ENDING = " |> LULinear |> Standardize |> Onto(event)"


@pytest.mark.parametrize("transforms", [1, 2, 3])
def test_a_spline_flow_ends_on_the_event_with_any_number_of_steps(transforms):
    flow = flowspec.parse(f"{EVENT}NSF(event, transforms={transforms}, hidden=[4]){ENDING}")
    assert flow.space.same(flow.event.space, ignore_ends=True)


def test_without_links_it_ends_on_numbers_and_angles_alone():
    flow = flowspec.parse("event x: real, a: circle(0, 1), y: real\nNSF(event, hidden=[4])")
    assert str(flow.space) == "real, circle(0, 1), real"


@pytest.mark.parametrize("name", ["MAF", "NICE", "GF", "CNF", "GMM", "BPF"])
def test_other_architectures_take_events_without_angles(name):
    by_event = flowspec.parse(f"event x, y: positive, p, q, r: simplex\n{name}(event){ENDING}")
    by_count = flowspec.parse(f"event x, y: positive, p, q, r: simplex\n{name}(4){ENDING}")
    assert by_event.to_json() == by_count.to_json()


def test_other_architectures_say_which_one_has_angles():
    with pytest.raises(FlowError, match=r"NSF\(event\) \|> Standardize"):
        flowspec.parse(f"{EVENT}MAF(event){ENDING}")


def test_a_flow_of_numbers_is_that_of_their_count():
    by_event = flowspec.parse("event x, y: real\nNSF(event) |> Standardize")
    by_count = flowspec.parse("event x, y: real\nNSF(2) |> Standardize")
    assert by_event.to_json() == by_count.to_json()


def test_what_is_measured_leaves_angles_alone():
    pytest.importorskip("torch")
    flow = flowspec.parse("event a: circle(0, 6), x: real\nNSF(event, hidden=[4]) |> Standardize")
    rows = np.random.default_rng(0).uniform([0, 100], [6, 200], (200, 2))
    model = flowspec.fit(flow, rows, epochs=1, seed=0)
    assert (model.weights["steps.6.transform.location"] > 90).all()
    assert np.isfinite(model.log_prob(rows)).all()
    seam = model.log_prob(np.array([[1e-9, 150.0], [6 - 1e-9, 150.0]]))
    np.testing.assert_allclose(*seam, rtol=1e-3)


def test_the_density_of_an_angle_is_free_where_its_ends_meet():
    """No point of the circle has slope 1 in every layer."""
    model = Model(flowspec.parse("event a: circle(0, 1)\nNSF(event, transforms=2)"))
    random = np.random.default_rng(0)
    weights = {k: random.normal(size=v.shape) for k, v in model.complete_weights.items()}
    at_the_seam = Model(model.flow, weights).log_prob(np.array([[0.0], [0.5]]))
    assert (np.abs(at_the_seam) > 0.01).all()


def test_a_conditional_flow_takes_the_event_too():
    text = "context energy: positive\nevent x: real, a: circle(0, 1)\nNSF(event, hidden=[4])"
    model = Model(flowspec.parse(f"{text} |> Standardize |> Onto(event)"))
    rows, context = np.array([[0.3, 0.2]] * 2), np.array([[1.0], [5.0]])
    random = np.random.default_rng(0)
    weights = {k: random.uniform(0.1, 1, v.shape) for k, v in model.complete_weights.items()}
    found = Model(model.flow, weights).log_prob(rows, context=context)
    assert np.isfinite(found).all() and found[0] != found[1]
