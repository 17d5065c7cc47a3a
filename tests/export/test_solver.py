"""The error of a continuous flow's solver: chosen at export, and written down."""

import json

import numpy as np
import pytest

import flowspec
from flowspec import FlowError
from flowspec.export import solver
from flowspec.export.solver import solver_error, with_solver_error
from flowspec.model.model import Model

SMOOTH = 'Normal(0, 1)[2] |> Continuous(hidden=[8], activation="silu", steps=2)'


def model_of(text):
    model = Model(flowspec.parse(text))
    return Model(model.flow, {path: 3 * value for path, value in model.complete_weights.items()})


@pytest.mark.slow
def test_a_smaller_error_takes_more_steps():
    model = model_of(SMOOTH)
    errors = [1e-3, 1e-6, 1e-9]
    found = [with_solver_error(model, error) for error in errors]
    assert all(solver_error(each) <= error for each, error in zip(found, errors, strict=True))
    steps = [each.flow.steps[0].transform.steps for each in found]
    assert steps == sorted(set(steps))


@pytest.mark.slow
def test_the_error_is_that_to_the_solution():
    model = with_solver_error(model_of(SMOOTH), 1e-5)
    exact = with_solver_error(model, 1e-12)
    noise = np.random.default_rng(0).normal(size=(100, 2))
    x, log_prob = model.from_noise(noise)
    expected, expected_log_prob = exact.from_noise(noise)
    assert np.abs(x - expected).max() < 3e-5
    assert np.abs(log_prob - expected_log_prob).max() < 3e-5 * (1 + np.abs(expected_log_prob).max())


def test_solvers_inside_of_other_steps_count():
    model = model_of(
        "Normal(0, 1)[3] |> on(0, 1) "
        '{ inverse { Continuous(hidden=[8], activation="silu", steps=2) } }'
    )
    assert solver_error(with_solver_error(model, 1e-7)) <= 1e-7


def test_an_error_out_of_reach_is_told(monkeypatch):
    monkeypatch.setattr(solver, "MOST_STEPS", 64)
    model = model_of("Normal(0, 1)[2] |> Continuous(hidden=[8, 8], steps=2)")
    with pytest.raises(FlowError, match="curvature"):
        with_solver_error(model, 1e-300)
    with pytest.raises(FlowError, match="no differential equation"):
        with_solver_error(Model(flowspec.parse("Normal(0, 1)")), 1e-3)


def test_the_certificate_and_the_card_hold_it(call, here):
    (here / "cnf.flow").write_text(SMOOTH)
    assert call("compile", "cnf.flow", "-o", "b", "--solver-error", "1e-6").code == 0
    assert call("verify", "b").code == 0
    about = json.loads((here / "b" / "flow.json").read_text())
    assert 0 < about["certificate"]["solver"] <= 1e-6
    assert about["flow"]["steps"][0]["steps"] > 2
    assert "steps of the solver" in (here / "b" / "README.md").read_text()
