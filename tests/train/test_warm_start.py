"""A warm start goes on from a model: what was measured from its data stays, unless asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table

RANDOM = np.random.default_rng(0)
OLD, NEW = RANDOM.normal(5, 2, (200, 2)), RANDOM.normal(50, 0.2, (200, 2))
FLOWS = {
    "Standardize": "event a, b\nNormal(learn(0), learn(1))[2] |> Standardize",
    "ActNorm": "event a, b\nNormal(learn(0), learn(1))[2] |> ActNorm",
    "on": "event a, b\nNormal(learn(0), learn(1))[2] |> on(b) { Standardize }",
    "scale of the context": "context z\nevent a\nMAF(1, transforms=1, hidden=[4])",
}
ONE = {"epochs": 1, "learning_rate": 1e-6}


def parts(name: str, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    return (rows[:, :1], rows[:, 1:]) if "context" in name else (rows,)


def measured(model: flowspec.Model) -> dict[str, np.ndarray]:
    """The values that were measured from data, at a path's end `location` or `scale`."""
    weights = model.complete_weights
    return {path: value for path, value in weights.items() if path.endswith(("location", "scale"))}


def distance(one: flowspec.Model, other: flowspec.Model) -> float:
    pairs = ((value, measured(other)[path]) for path, value in measured(one).items())
    return max(float(np.abs(np.asarray(a) - b).max()) for a, b in pairs)


@pytest.fixture(scope="module", params=FLOWS)
def trained(request):
    name = request.param
    model = flowspec.fit(flowspec.parse(FLOWS[name]), *parts(name, OLD), epochs=2)
    return name, model


def test_what_was_measured_stays(trained):
    name, model = trained
    assert measured(model)
    assert distance(flowspec.fit(model, *parts(name, NEW), **ONE), model) < 1e-3


def test_measuring_anew_is_a_choice(trained):
    name, model = trained
    again = flowspec.fit(model, *parts(name, NEW), remeasure=True, **ONE)
    assert distance(again, model) > 10


def test_a_model_without_weights_is_measured_as_its_flow_is():
    flow = flowspec.parse(FLOWS["Standardize"])
    one, other = (flowspec.fit(start, OLD, **ONE) for start in (flow, flowspec.Model(flow)))
    assert distance(one, other) == 0 and np.allclose(one.weights["steps.0.location"], 5, atol=0.5)


@pytest.fixture(scope="module")
def old_bundle(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("trained") / "old"
    flowspec.fit(flowspec.parse(FLOWS["Standardize"]), OLD, output=place, **ONE)
    return place


@pytest.fixture
def made(here, old_bundle):
    """The bundle `old`, the table `new.csv` and the flow `it.flow`."""
    Path("it.flow").write_text(FLOWS["Standardize"])
    write_table("old.csv", ["a", "b"], OLD.T)
    write_table("new.csv", ["a", "b"], NEW.T)
    shutil.copytree(old_bundle, "old")


def fitted(call, *options) -> flowspec.Model:
    answer = call("fit", "it.flow", "--epochs", 1, "--learning-rate", 1e-6, *options)
    assert answer.code == 0, answer.err
    weights = Path(options[options.index("-o") + 1], "weights.safetensors")
    return flowspec.Model(
        flowspec.read("it.flow"),
        flowspec.to_torch(flowspec.read("it.flow"), weights).to_model().weights,
    )


@pytest.mark.slow
def test_the_command_starts_from_a_bundle(call, made):
    old = fitted(call, "--data", "old.csv", "-o", "old")
    on = fitted(call, "--data", "new.csv", "-o", "on", "--start-from", "old")
    anew = fitted(call, "--data", "new.csv", "-o", "anew", "--start-from", "old", "--remeasure")
    assert distance(on, old) < 1e-3 and distance(anew, old) > 10
    in_place = fitted(call, "--data", "new.csv", "-o", "old", "--start-from", "old")
    assert distance(in_place, on) == 0


def test_fit_starts_from_a_bundle(made):
    flow = flowspec.read("it.flow")
    old = flowspec.fit(flow, OLD, start_from="old", **ONE)
    on = flowspec.fit(flow, NEW, start_from="old", **ONE)
    assert distance(on, old) < 1e-3
    with pytest.raises(TypeError, match="leave `start_from` out"):
        flowspec.fit(old, NEW, start_from="old")


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        ("event a, b\nNormal(learn(0), 1)[2] |> Standardize", "the flow learns nothing called"),
        ("event b, a\nNormal(learn(0), learn(1))[2] |> Standardize", "its columns are a, b"),
        ("event a, b\nNormal(learn(0), learn(1))[2] |> ActNorm |> Scale(learn(1))", "no value for"),
    ],
)
def test_a_bundle_of_another_flow_is_refused(call, made, flow, reason):
    Path("it.flow").write_text(flow)
    options = ["--data", "new.csv", "-o", "on", "--start-from", "old"]
    answer = call("fit", "it.flow", *options)
    assert answer.code == 1 and not Path("on").exists()
    assert answer.err.startswith("error[other-flow-to-start-from]: old is the bundle of another")
    assert reason in answer.err


def test_an_ensemble_is_no_start_for_one_flow(call, made):
    answer = call(
        "fit", "it.flow", "--data", "old.csv", "-o", "both", "--ensemble", 2, "--epochs", 1
    )
    assert answer.code == 0, answer.err
    answer = call("fit", "it.flow", "--data", "new.csv", "-o", "on", "--start-from", "both")
    assert answer.code == 1 and "it mixes 2 flows, as `--ensemble` does" in answer.err


def test_a_bundle_that_learned_nothing_is_refused(call, made):
    flowspec.compile(flowspec.parse("event a, b\nNormal(0, 1)[2]"), "fixed")
    answer = call("fit", "it.flow", "--data", "new.csv", "-o", "on", "--start-from", "fixed")
    assert "it has learned nothing" in answer.err


def test_what_is_no_bundle_is_refused(call, made):
    answer = call("fit", "it.flow", "--data", "new.csv", "-o", "on", "--start-from", "none")
    assert answer.code == 1 and "there is no folder" in answer.err


def test_remeasuring_is_for_warm_starts(call, made):
    assert call("fit", "it.flow", "--data", "new.csv", "-o", "on", "--remeasure").code == 2
