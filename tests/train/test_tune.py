"""`flowspec.tune` searches as the command does, goes on, and leaves fixed what is given."""

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.ir.settings import Settings
from flowspec.train.engine import Engine
from flowspec.train.tuning.tuning import Tuning

ROWS = np.random.default_rng(0).normal([1, 5], [1, 2], (60, 2))
FLOW = """# Two
event a, b
train {
  epochs = 2
}
NSF(2, bins=4, transforms=1, hidden=[4]) |> Standardize
"""


@pytest.fixture
def there(here):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)


def test_the_trials_are_those_of_the_command(call, there):
    call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--tune", 3, "--seed", 5)
    tuned = flowspec.tune("it.flow", "data.csv", trials=3, seed=5)
    assert tuned.table == Path("made/tuning.csv").read_text()
    assert tuned.text == Path("made/best.flow").read_text()
    rows = csv.DictReader(io.StringIO(tuned.table))
    assert [float(row["loss"]) for row in rows] == [trial.loss for trial in tuned.trials]
    assert tuned.best.loss == min(trial.loss for trial in tuned.trials)
    assert repr(tuned) == f"Tuned(best of 3 trials: loss {tuned.best.loss:.4f})"


def test_a_flow_its_text_and_its_file_are_one(there):
    read = flowspec.read("it.flow")
    flows = [FLOW, Path("it.flow"), "it.flow", read, flowspec.parse(FLOW)]
    found = [flowspec.tune(flow, ROWS, trials=2) for flow in flows]
    assert len({(tuned.text, tuned.table) for tuned in found}) == 1
    best = found[0].flow
    assert best == flowspec.parse(found[0].text) and best.source.text.startswith("# Two\n")
    assert flowspec.fit(best, ROWS).log_prob(ROWS).shape == (60,)


@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_search_that_was_interrupted_goes_on_to_the_same_trials(here, monkeypatch, stop_at):
    whole = flowspec.tune(FLOW, ROWS, trials=4)
    score, seen = Tuning._score, []

    def stumble(self, *args):
        seen.append(1)
        if len(seen) == stop_at:
            raise KeyboardInterrupt
        return score(self, *args)

    monkeypatch.setattr(Tuning, "_score", stumble)
    with pytest.raises(KeyboardInterrupt):
        flowspec.tune(FLOW, ROWS, trials=4, folder="kept")
    told = []
    kept = {"trials": 4, "folder": "kept", "resume": True}
    again = flowspec.tune(FLOW, ROWS, on_trial=told.append, **kept)
    assert again.table == whole.table and again.text == whole.text
    assert told == list(again.trials[stop_at - 1 :])
    assert flowspec.tune(FLOW, ROWS, on_trial=told.append, **kept).table == whole.table
    assert len(told) == 5 - stop_at
    for refused in ({"trials": 4, "folder": "kept"}, {**kept, "seed": 1}):
        with pytest.raises(flowspec.FlowError, match=r"is kept in kept|is of another flow"):
            flowspec.tune(FLOW, ROWS, **refused)


@pytest.mark.parametrize("name", ["a?b", "a%41b", "a#b&c"])
def test_a_search_is_kept_in_its_folder_whatever_its_name(here, name):
    flowspec.tune(FLOW, ROWS, trials=1, epochs=1, folder=name)
    assert [path.name for path in Path().iterdir()] == [name]
    assert len(flowspec.tune(FLOW, ROWS, trials=2, epochs=1, folder=name, resume=True).trials) == 2


def test_without_a_folder_nothing_is_left(here):
    flowspec.tune(FLOW, ROWS, trials=1)
    assert list(Path().iterdir()) == []


def test_settings_that_are_given_stay_as_they_are(here):
    names = set(flowspec.tune(FLOW, ROWS, trials=2).best.values)
    assert {"learning_rate", "weight_decay", "bins"} <= names
    tuned = flowspec.tune(FLOW, ROWS, trials=3, learning_rate=2e-3)
    assert set(tuned.best.values) == names - {"learning_rate"}
    assert "learning_rate" not in tuned.text
    tuned = flowspec.tune(FLOW, ROWS, trials=2, settings=Settings(epochs=1), batch_size=16)
    assert set(tuned.best.values) == {"transforms", "bins", "hidden"}
    assert tuned.flow.train == {"epochs": 2}


@pytest.mark.parametrize(
    "data",
    [
        (ROWS[:, :1], ROWS[:, 1:]),
        ({"a": ROWS[:, 0], "b": ROWS[:, 1], "w": np.ones(60)}, None, "w"),
    ],
    ids=["a context", "weights"],
)
def test_data_may_be_what_fit_takes(here, data):
    x, context, *weights = data
    flow = FLOW if context is None else "event a\ncontext b\nNSF(1, bins=4, hidden=[4])"
    given = {"weights": weights[0] if weights else None, "epochs": 1, "held_out": x}
    if context is not None:
        given["held_out"] = (x, context)
    assert len(flowspec.tune(flow, x, context, trials=2, **given).trials) == 2


def test_a_loader_is_searched_with_its_own_batches(here):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.from_numpy(ROWS).float())
    loader = torch.utils.data.DataLoader(
        data, batch_size=20, collate_fn=lambda rows: torch.stack([row for (row,) in rows])
    )
    tuned = flowspec.tune(FLOW, loader, trials=2, held_out=ROWS)
    assert "batch_size" not in tuned.best.values
    with pytest.raises(flowspec.FlowError, match="no rows are held out"):
        flowspec.tune(FLOW, loader, trials=2)


def test_double_precision_is_that_of_every_trial(here):
    losses = [flowspec.tune(FLOW, ROWS, trials=1, precision=p).best.loss for p in (32, 64)]
    assert losses[0] != losses[1] == pytest.approx(losses[0], abs=1e-3)


def changed():
    model = flowspec.fit(flowspec.parse(FLOW), ROWS, epochs=1)
    return model.flow


REFUSED = {
    "the flow has no text": (lambda: flowspec.from_json(flowspec.parse(FLOW).to_json()), {}),
    "no longer the one that was read": (changed, {}),
    "a search of 0 trials tries nothing": (lambda: FLOW, {"trials": 0}),
    "a search is done on one device": (lambda: FLOW, {"engine": Engine("cpu", 2)}),
    "the flow has nothing to tune": (
        lambda: "event a, b\nNormal(0, 1)[2] |> Standardize",
        {"trials": 2},
    ),
    "no rows are held out": (lambda: FLOW, {"validation": 0.0}),
    "cannot read": (lambda: "missing.flow", {}),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_search_that_cannot_be_is_refused(here, words):
    flow, options = REFUSED[words]
    with pytest.raises(flowspec.FlowError, match=words):
        flowspec.tune(flow(), ROWS, **{"trials": 1, **options})


def test_wrong_arguments_are_errors_of_the_program():
    with pytest.raises(TypeError, match="no argument `epoch`; did you mean `epochs`"):
        flowspec.tune(FLOW, ROWS, epoch=2)
    with pytest.raises(TypeError, match="keeps its trials in `folder`"):
        flowspec.tune(FLOW, ROWS, resume=True)
    with pytest.raises(TypeError, match="takes a flow, its text or its path, not dict: make one"):
        flowspec.tune({}, ROWS)


def test_without_optuna_it_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else find(name, *a)
    )
    with pytest.raises(ModuleNotFoundError, match=r'pip install "flowspec\[tune\]"') as caught:
        flowspec.tune(FLOW, ROWS)
    assert caught.value.name == "optuna"
