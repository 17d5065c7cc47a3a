"""A search tries sizes and settings around the written ones, goes on, and leaves its table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.diagnostics.source import Source
from flowspec.ir.settings import Settings
from flowspec.train.tuning import tuning
from flowspec.train.tuning.space import choices, text_of

ROWS = np.random.default_rng(0).normal([1, 5], [1, 2], (60, 2))
FLOW = """# Two
event a, b
train {
  epochs = 2
}
NSF(2, bins=4, transforms=1, hidden=[4]) |> Standardize
"""
FIT = ("fit", "it.flow", "--data", "data.csv", "-o", "made")


@pytest.fixture
def there(here):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)


def space(text, fixed=(), rows=1000):
    return {c.name: c for c in choices(Source(text), Settings(), fixed, rows)}


def table(folder="made"):
    return list(csv.DictReader(io.StringIO(Path(folder, "tuning.csv").read_text())))


def test_a_search_leaves_its_table_and_the_best_text(call, there):
    answer = call(*FIT, "--tune", 3)
    assert answer.code == 0, answer.err
    assert "a search of 3 trials, over" in answer.err and "bins 2 or 4 or 8" in answer.err
    trials = table()
    assert [trial["trial"] for trial in trials] == ["1", "2", "3"]
    assert (trials[0]["bins"], trials[0]["hidden"]) == ("4", "[4]")
    best = min(trials, key=lambda trial: float(trial["loss"]))
    written = Path("made/best.flow").read_text()
    assert written.startswith("# Two\n") and f"bins={best['bins']}" in written
    assert flowspec.load("made").log_prob(ROWS).shape == (60,)
    assert not Path("made.tuning").exists()


def test_the_bundle_is_the_fit_of_the_best_text(call, there):
    call(*FIT, "--tune", 3)
    call("fit", "made/best.flow", "--data", "data.csv", "-o", "again")
    for name in ("weights.safetensors", "training.csv"):
        assert Path("made", name).read_bytes() == Path("again", name).read_bytes()


@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_search_goes_on_to_the_same_trials(call, there, monkeypatch, stop_at):
    call(*FIT, "--tune", 4)
    whole = table()
    score, seen = tuning.Tuning._score, []

    def stumble(self, *args):
        seen.append(1)
        if len(seen) == stop_at:
            raise KeyboardInterrupt
        return score(self, *args)

    fit = (*FIT[:-1], "other")
    monkeypatch.setattr(tuning.Tuning, "_score", stumble)
    assert call(*fit, "--tune", 4).code != 0
    monkeypatch.setattr(tuning.Tuning, "_score", score)
    if stop_at > 1:
        refused = call(*fit, "--tune", 4)
        assert "a search that was stopped after 2 trials is kept" in refused.err
        other = call(*fit, "--tune", 4, "--resume", "--clip", 3)
        assert "is of another flow, other data or other settings" in other.err
    assert call(*fit, "--tune", 4, "--resume").code == 0
    assert table("other") == whole


def test_a_folder_may_have_any_name(call, there):
    assert call(*FIT[:-1], "50%41?", "--tune", 1).code == 0
    assert sorted(path.name for path in Path().iterdir()) == ["50%41?", "data.csv", "it.flow"]


def test_a_search_over_folds_compares_their_means(call, there):
    answer = call(*FIT, "--tune", 2, "--folds", 2)
    assert answer.code == 0, answer.err
    assert "cross-validation over 2 folds" in answer.err


def test_a_training_that_fails_is_a_trial_without_a_loss(call, there, monkeypatch):
    score = tuning.Tuning._score
    losses = iter([True, False])

    def failing(self, *args):
        return score(self, *args) if next(losses) else None

    monkeypatch.setattr(tuning.Tuning, "_score", failing)
    answer = call(*FIT, "--tune", 2)
    assert answer.code == 0 and "trial 2 of 2: its training failed" in answer.err
    assert table()[1]["loss"] == ""


def test_options_of_the_command_stay_as_they_are():
    assert "learning_rate" in space(FLOW)
    assert "learning_rate" not in space(FLOW, ["learning_rate"])


def test_what_changes_nothing_is_not_tried():
    assert "hidden" not in space("GMM(2, components=4)")
    assert "hidden" in space("context c\nGMM(2, components=4)")


def test_no_batch_is_larger_than_the_table():
    assert space(FLOW, rows=100)["batch_size"].distribution.choices == (64, 256)


def test_the_first_values_are_those_that_are_written():
    found = list(space("NSF(2, 6, hidden=[10, 20])").values())
    text = text_of(Source("NSF(2, 6, hidden=[10, 20])"), found, {c.name: c.written for c in found})
    assert "NSF(2, 6, hidden=[10, 20], transforms=3)" in text


@pytest.mark.parametrize(
    ("flow", "options", "words"),
    [
        ("event a, b\nNormal(0, 1)[2] |> Standardize", (), "the flow has nothing to tune"),
        (FLOW, ("--validation", 0), "no rows are held out by which trials can be compared"),
        (FLOW, ("--devices", 2), "a search is done on one device"),
    ],
)
def test_a_search_that_cannot_be_is_refused(call, there, flow, options, words):
    Path("it.flow").write_text(flow)
    answer = call(*FIT, "--tune", 2, *options)
    assert answer.code != 0 and words in answer.err
