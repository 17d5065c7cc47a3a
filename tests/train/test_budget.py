"""A time for the training gives the epochs, and the rows what else is chosen; it is said."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import count
from pathlib import Path

import click
import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.cli.budget import Time
from flowspec.data.tables.write import write_table
from flowspec.ir.settings import Settings
from flowspec.train import budget
from flowspec.train.feed.opening import batches_of
from flowspec.train.training import Training

ROWS = np.random.default_rng(0).normal([1, 5], [1, 2], (60, 2))
FLOW = "event a, b\nNSF(2, transforms=1, hidden=[4]) |> Standardize"
FIT = ("fit", "it.flow", "--data", "data.csv", "-o", "made")


@pytest.fixture
def there(here):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("1.5h", 5400)])
def test_times_are_written_with_their_unit(text, seconds):
    assert Time().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["10", "0s", "2 h", "-1m", "m"])
def test_what_is_no_time_is_told_how_to_write_one(text):
    with pytest.raises(click.BadParameter, match="write 30s, 10m or 2h"):
        Time().convert(text, None, None)


@pytest.mark.parametrize(
    ("rows", "batch", "rate"), [(300, 256, 1e-2), (50_000, 1024, 2e-3), (10**6, 4096, 1e-3)]
)
def test_large_tables_take_large_batches_and_small_steps(rows, batch, rate):
    chosen = budget.by_rows(Settings(), rows, ())
    assert (chosen.batch_size, chosen.learning_rate) == (batch, rate)


def test_what_is_stated_stays():
    chosen = budget.by_rows(Settings(batch_size=64), 10**6, ["batch_size"])
    assert (chosen.batch_size, chosen.learning_rate) == (64, 1e-3)
    assert budget.within(Settings(patience=7), 1e4, 0.01, 500, ["patience"]).patience == 7


@pytest.mark.parametrize(("members", "epochs"), [(1, 90), (5, 18)])
def test_as_many_epochs_as_the_time_allows(members, epochs):
    settings = Settings(ensemble=members)
    assert budget.within(settings, 1000, 0.01, 1000, ()).epochs == epochs


def test_a_small_table_takes_no_more_than_it_can_use():
    chosen = budget.within(Settings(), 7200, 0.001, 1, ())
    assert chosen.epochs == budget.MOST_STEPS and chosen.patience == budget.MOST_STEPS * 30 // 200


def test_the_pace_is_that_of_the_steps_behind_the_first():
    ticks = count()
    flow = flowspec.parse(FLOW)
    batches = batches_of(flow, ROWS, None, None, None, Settings())
    training = Training(flow, batches, Settings())
    times = (100 * tick if tick < 3 else 300 + 0.5 * tick for tick in ticks)
    assert budget.seconds_of_a_step(training, 60, lambda: next(times)) == pytest.approx(0.5)


def test_what_was_chosen_is_said_and_stands_in_the_metrics(call, there, monkeypatch):
    monkeypatch.setattr(budget, "MOST_STEPS", 5)
    monkeypatch.setattr(budget, "seconds_of_a_step", lambda training, seconds: 0.1)
    answer = call(*FIT, "--budget", "1s")
    assert answer.code == 0, answer.err
    settings = json.loads(Path("made/metrics.json").read_text())["settings"]
    assert settings["epochs"] == 9
    said = re.search(r"--epochs (\d+) --patience (\d+) --batch-size (\d+)", answer.err)
    assert said and [*map(int, said.groups())] == [9, 30, 256]


def test_a_training_goes_on_with_what_was_chosen(call, there):
    def stumble(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    flow = flowspec.parse(FLOW)
    chosen = {"epochs": 4, "steps": 0, "patience": 40, "batch_size": 32}
    with pytest.raises(KeyboardInterrupt):
        flowspec.fit(
            flow, "data.csv", output="made", checkpoint_every=0, on_epoch=stumble, **chosen
        )
    answer = call(*FIT, "--budget", "1h", "--resume")
    assert answer.code == 0, answer.err
    assert "goes on with what was chosen: --epochs 4 --patience 40 --batch-size 32" in answer.err
    assert json.loads(Path("made/metrics.json").read_text())["epochs"] == 4


@pytest.mark.parametrize("option", [("--epochs", 3), ("--tune", 3), ("--devices", 2)])
def test_a_budget_beside_what_it_chooses_is_refused(call, there, option):
    answer = call(*FIT, "--budget", "1s", *option)
    assert answer.code == 2 and "--budget" in answer.err


# --- in Python ------------------------------------------------------------------------------------


def test_in_python_a_time_gives_the_epochs(here):
    flow = flowspec.parse(FLOW)
    flowspec.fit(flow, ROWS, budget=1.0, output="made", batch_size=20)
    settings = json.loads(Path("made/metrics.json").read_text())["settings"]
    assert (settings["steps"], settings["batch_size"]) == (0, 20)


def test_a_training_that_is_kept_goes_on_with_what_was_chosen(here):
    class Stop(Exception):
        pass

    def stop(epoch):
        raise Stop

    flow = flowspec.parse(FLOW)
    options = {"output": "made", "checkpoint_every": 0.0}
    with pytest.raises(Stop):
        flowspec.fit(flow, ROWS, budget=1.0, on_epoch=stop, **options)
    chosen = budget.kept(Settings(), Path("made.training/checkpoint.pt"))
    flowspec.fit(flow, ROWS, budget=1e-3, resume=True, **options)
    settings = json.loads(Path("made/metrics.json").read_text())["settings"]
    assert settings["epochs"] == chosen.epochs > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": 1.0, "epochs": 3}, "does not go with `epochs`"),
        ({"budget": -1.0}, "-1.0 seconds are no time to train in"),
    ],
)
def test_a_time_that_chooses_nothing_is_told(options, words):
    with pytest.raises(flowspec.FlowError, match=words):
        flowspec.fit(flowspec.parse(FLOW), ROWS, **options)


@pytest.mark.parametrize(
    ("seconds", "named", "words"),
    [
        (600.0, "--budget {}", "`--budget 20m`"),
        (45.0, "--budget {}", "`--budget 90s`"),
        (1800.0, "--budget {}", "`--budget 1h`"),
        (600.0, "budget = {}", "`budget = 1200`"),
        (None, "--budget {}", ""),
    ],
)
def test_a_training_that_needs_longer_is_given_a_larger_budget(seconds, named, words):
    assert budget.longer(Settings(epochs=150), seconds, 100, named) == words


def test_a_budget_that_was_not_spent_is_not_the_advice():
    """Of small tables there are no more steps than 20,000, however much time there is."""
    words = budget.longer(Settings(epochs=200), 600.0, 100, "--budget {}")
    assert words == "`epochs = 400`, without a budget"


def test_the_end_of_a_fit_by_a_budget_names_it(there, call, monkeypatch):
    few = budget.within
    monkeypatch.setattr(budget, "within", lambda *of: dataclasses.replace(few(*of), epochs=6))
    monkeypatch.setattr(budget, "MOST_STEPS", 10**9)
    answer = call(*FIT, "--budget", "2s", "--learning-rate", "1e-4")
    assert "; train on with `--budget 4s`\n" in answer.err
    assert "`--budget 4s`" in json.loads(Path("made/metrics.json").read_text())["remarks"][-1]
