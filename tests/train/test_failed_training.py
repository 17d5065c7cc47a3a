"""A good model is never replaced by a worse one in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.train.outcome import MARGIN, divergence

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(0, 1, (400, 1))
FLOW = "event x\nNormal(learn(0), learn(1))"
WORSE = {"epochs": 1, "learning_rate": 5.0, "schedule": "constant", "batch_size": 40}
"""Settings with which the first epoch ends far from where it began."""
INFINITE = {"epochs": 3, "learning_rate": 1e30, "batch_size": 40}


def options(settings: dict) -> list[object]:
    return [word for name in settings for word in (f"--{name.replace('_', '-')}", settings[name])]


@pytest.fixture
def good(call, here):
    """The flow `it.flow`, the table `data.csv`, and the bundle `made`."""
    Path("it.flow").write_text(FLOW)
    write_table("data.csv", ["x"], ROWS.T)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 2)
    assert answer.code == 0, answer.err
    return contents(Path("made"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_fit_that_diverged_keeps_the_earlier_bundle(call, good, update_golden):
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", *options(WORSE))
    assert answer.code == 1 and contents(Path("made")) == good
    assert "error[diverged]: the training diverged: its best loss is" in answer.err
    assert "its best weights are in made.failed; made is as it was" in answer.err
    assert call("verify", "made.failed").code == 0
    assert not Path("made.training").exists()


def test_a_loss_that_is_no_number_keeps_the_earlier_bundle(call, good):
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", *options(INFINITE))
    assert answer.code == 1 and contents(Path("made")) == good
    assert "error[loss-not-finite]" in answer.err
    assert "its best weights are in made.failed; made is as it was" in answer.err
    assert call("verify", "made.failed").code == 0


def test_what_is_in_the_way_of_a_failed_bundle_stays(call, good):
    Path("made.failed").write_text("mine")
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", *options(WORSE))
    assert answer.code == 1 and contents(Path("made")) == good
    assert "note: made is as it was" in answer.err
    assert Path("made.failed").read_text() == "mine"


def test_after_a_failure_the_next_fit_begins_anew(call, good):
    call("fit", "it.flow", "--data", "data.csv", "-o", "made", *options(WORSE))
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 2)
    assert answer.code == 0 and contents(Path("made")) == good


@pytest.mark.parametrize("settings", [WORSE, INFINITE])
def test_fit_from_python_says_so(settings):
    with pytest.raises(flowspec.FlowError, match=r"the training diverged|became"):
        flowspec.fit(flowspec.parse(FLOW), ROWS, **settings)


@pytest.mark.parametrize("validation", [0.0, 0.05, 0.3])
def test_whatever_is_held_out_a_divergence_is_told(validation):
    with pytest.raises(flowspec.FlowError, match="the training diverged"):
        flowspec.fit(flowspec.parse(FLOW), ROWS, validation=validation, **WORSE)


def test_a_warm_start_that_loses_what_was_learned_is_told():
    model = flowspec.fit(flowspec.parse(FLOW), ROWS, epochs=2)
    with pytest.raises(flowspec.FlowError, match="the training diverged"):
        flowspec.fit(model, ROWS, **WORSE)


def test_worse_by_less_than_the_margin_is_no_failure():
    assert divergence(2.0, 2.0 + MARGIN, "") is None
    assert divergence(np.inf, 7.0, "") is None
    for loss in (2.1 + MARGIN, np.inf, np.nan):
        assert divergence(2.0, loss, "") is not None
