"""An ensemble is one bundle: an even mixture of trainings with their own seeds, which goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.train.engine import Engine

ROWS = np.random.default_rng(0).normal([1, 5], [1, 2], (120, 2))
FLOW = """event a, b: positive
train {
  ensemble = 2
  epochs = 3
}
MAF(2, transforms=1, hidden=[4]) |> Standardize |> Onto(event)
"""
GIVEN = "event b\ncontext a\nMAF(1, transforms=1, hidden=[4]) |> Standardize"


def members(flow: str, data, context=None, **settings) -> list[flowspec.Model]:
    """The trainings of an ensemble of two, each by itself."""
    return [
        flowspec.fit(flowspec.parse(flow), data, context, ensemble=1, seed=seed, **settings)
        for seed in (0, 1)
    ]


def test_an_ensemble_is_the_even_mixture_of_its_members():
    positive = np.abs(ROWS)
    both = [model.log_prob(positive) for model in members(FLOW, positive)]
    model = flowspec.fit(flowspec.parse(FLOW), positive)
    assert np.allclose(model.log_prob(positive), np.logaddexp(*both) - np.log(2), atol=1e-6)


def test_members_of_a_regression_see_the_context_on_one_scale():
    model = flowspec.fit(flowspec.parse(GIVEN), ROWS[:, 1], ROWS[:, 0], epochs=2, ensemble=2)
    first, _ = members(GIVEN, ROWS[:, 1], ROWS[:, 0], epochs=2)
    names = [name for name in first.weights if name.startswith("context.")]
    assert names
    assert all(np.array_equal(model.weights[name], first.weights[name]) for name in names)


def test_the_command_leaves_one_bundle_with_the_scores_of_all(call, here):
    write_table("data.csv", ["a", "b"], np.abs(ROWS).T)
    Path("it.flow").write_text(FLOW)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made")
    assert answer.code == 0 and "best validation loss of 2 members" in answer.err
    metrics = json.loads(Path("made/metrics.json").read_text())
    assert [member["seed"] for member in metrics["members"]] == [0, 1]
    assert not Path("made.training").exists()
    assert call("verify", "made").code == 0
    model = flowspec.fit(flowspec.parse(FLOW), "data.csv", output="made", resume=True)
    assert np.isfinite(model.log_prob(np.abs(ROWS))).all()


def test_the_figures_of_an_ensemble_are_those_of_all_members(here):
    """The mixture's loss is known at rows that no member was trained on, and nowhere else."""
    held = np.abs(np.random.default_rng(5).normal(size=(60, 2)))
    for name, settings in {"own": {}, "shared": {"held_out": held}}.items():
        model = flowspec.fit(flowspec.parse(FLOW), np.abs(ROWS), output=name, epochs=3, **settings)
        metrics = json.loads(Path(name, "metrics.json").read_text())
        members = metrics["members"]
        for key in ("loss", "validation"):
            mean = np.mean([member[key] for member in members])
            assert metrics[f"mean_{key}_of_members"] == pytest.approx(mean)
        assert metrics["epochs"] == sum(member["epochs"] for member in members) == 6
        assert "loss" not in metrics and "best_epoch" not in metrics
        expected = pytest.approx(-model.log_prob(held).mean(), abs=1e-5)
        assert metrics["validation"] == (expected if settings else None)
        lines = Path(name, "training.csv").read_text().splitlines()
        course = [line.split(",")[:2] for line in lines]
        assert course == [["member", "number"], *([m, n] for m in "12" for n in "123")]
        card = Path(name, "README.md").read_text()
        assert "| epochs | 6, of 2 members |" in card and "mean loss of the members" in card
        assert ("loss of the ensemble" in card) == bool(settings)


@pytest.mark.parametrize("stop_at", [2, 5])
def test_an_ensemble_goes_on_to_the_same_bytes(here, stop_at):
    write_table("data.csv", ["a", "b"], np.abs(ROWS).T)
    flow, seen = flowspec.parse(FLOW), []

    def stumble(epoch):
        seen.append(epoch)
        if len(seen) == stop_at:
            raise KeyboardInterrupt

    flowspec.fit(flow, "data.csv", output="whole")
    with pytest.raises(KeyboardInterrupt):
        flowspec.fit(flow, "data.csv", output="again", checkpoint_every=0, on_epoch=stumble)
    flowspec.fit(flow, "data.csv", output="again", resume=True)
    for name in ("weights.safetensors", "metrics.json", "training.csv", "sample.onnx"):
        assert Path("whole", name).read_bytes() == Path("again", name).read_bytes(), name


def test_an_ensemble_on_several_devices_is_refused():
    with pytest.raises(flowspec.FlowError, match="an ensemble is trained on one device"):
        flowspec.fit(flowspec.parse(FLOW), np.abs(ROWS), engine=Engine("cpu", devices=2))


# --- what can be mixed ----------------------------------------------------------------------------

EVENTS = {
    "hard edge": ("event a: [0, inf), b: real", ", edges=[a]"),
    "tail": ("event a: positive, b: real", ", tails=[a]"),
    "interval": ("event a: [0, 9], b: real", ", edges=[a]"),
    "circle": ("event a: circle(0, 9), b: real", ""),
    "circle and interval": ("event a: circle(0, 9), b: (-20, 20)", ""),
}


@pytest.mark.parametrize("event, ending", EVENTS.values(), ids=list(EVENTS))
def test_flows_of_every_support_are_mixed(event, ending):
    flow = f"{event}\nNSF(event, transforms=1, hidden=[4], bins=2) |> Onto(event{ending})"
    rows = np.clip(np.abs(ROWS), 0.01, 8.9)
    model = flowspec.fit(flowspec.parse(flow), rows, epochs=1, ensemble=2)
    assert np.isfinite(model.log_prob(rows)).all()


def test_what_cannot_be_mixed_is_told_before_anything_is_trained(call, here):
    write_table("data.csv", ["a"], [1 + np.abs(ROWS[:, 0])])
    Path("it.flow").write_text("event a\nNormal(0, learn(1)) |> Exp |> Shift(learn(0))\n")
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--ensemble", 2)
    assert "error[scattered-components]" in answer.err
    assert "epoch" not in answer.err
    assert not Path("made.training").exists()
