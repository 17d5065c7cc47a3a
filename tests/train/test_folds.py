"""A cross-validation holds each row out once; its members are one bundle, which goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.ir.settings import Settings
from flowspec.train.cross_validation import cross_validation, in_words
from flowspec.train.feed.batches import Fold
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import array_source
from flowspec.train.held_out import HeldOut

ROWS = np.abs(np.random.default_rng(0).normal([1, 5], [1, 2], (60, 2)))
ONE = flowspec.parse("event a, b\nNormal(0, 1)[2] |> Standardize")
FLOW = """event a, b: positive
train { epochs = 3 }
MAF(2, transforms=1, hidden=[4]) |> Standardize |> Onto(event)
"""
GIVEN = (
    "event b: positive\ncontext a\nMAF(1, transforms=1, hidden=[4]) |> Standardize |> Onto(event)"
)


class Pieces:
    """A source in pieces."""

    def __init__(self, rows: np.ndarray, sizes: list[int]):
        self._whole = array_source(ONE, rows, None, None)
        self.sizes, self.flow, self.fingerprint = sizes, ONE, ""

    def __len__(self) -> int:
        return sum(self.sizes)

    def check_trainable(self) -> None:
        self._whole.check_trainable()

    def read(self, piece: int):
        start = sum(self.sizes[:piece])
        return self._whole.read(0)[start : start + self.sizes[piece]]


def folds_of(source, count: int) -> list[Shuffled]:
    whole = Shuffled(source, Settings())
    return [whole.of_fold(Settings(seed=i), Fold(i, count, 0)) for i in range(count)]


def rows_of(parts) -> list[tuple[float, ...]]:
    return sorted(tuple(row) for part in parts for row in part.values.tolist())


@pytest.mark.parametrize("sizes", [[60], [7, 1, 1, 20, 31], [1] * 60])
@pytest.mark.parametrize("count", [2, 5, 7])
def test_each_row_is_held_out_once_and_trained_on_else(sizes, count):
    source = Pieces(ROWS, sizes)
    every = rows_of(map(source.read, range(len(sizes))))
    folds = folds_of(source, count)
    assert rows_of(part for fold in folds for part in fold.scored()) == every
    for fold in folds:
        assert rows_of([*fold.scored(), *fold.epoch(1)]) == every


def test_folds_are_of_nearly_one_size():
    sizes = [fold.rows[1] for fold in folds_of(Pieces(ROWS, [1] * 60), 7)]
    assert max(sizes) - min(sizes) <= 1


def fold(own, weights=None) -> HeldOut:
    return HeldOut(ROWS, ROWS, 0, np.asarray(own, float), weights)


def test_the_score_is_the_mean_over_all_rows_with_its_standard_error():
    own = np.random.default_rng(1).normal(size=50)
    score = cross_validation([fold(own[:20]), fold(own[20:])])
    assert score["mean"] == pytest.approx(own.mean())
    assert score["standard_error"] == pytest.approx(own.std() / np.sqrt(50))
    assert score["folds"] == pytest.approx([own[:20].mean(), own[20:].mean()])


def test_rows_of_weight_0_do_not_count():
    some = cross_validation([fold([1, 2, 9], np.array([1.0, 1.0, 0.0]))])
    assert some["mean"] == pytest.approx(1.5)


def test_rows_outside_the_support_are_counted_apart():
    score = cross_validation([fold([-np.inf, 1]), fold([3])])
    assert score["mean"] == pytest.approx(2) and score["outside"] == 1
    assert "1 of 3 rows have density 0" in in_words(score)[0]


def test_the_members_of_a_cross_validation_are_one_bundle(call, here):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--folds", 3)
    assert answer.code == 0, answer.err
    assert "cross-validation over 3 folds: " in answer.err and "one Gaussian" in answer.err
    metrics = json.loads(Path("made/metrics.json").read_text())
    score = metrics["cross_validation"]
    assert score["rows"] == 60 and metrics["rows"] == {"training": 40, "validation": 20}
    losses = [member["validation"] for member in metrics["members"]]
    assert score["mean"] == pytest.approx(-np.mean(losses), abs=1e-5)
    assert json.loads(Path("made/flow.json").read_text())["flow"]["base"]["name"] == "Mixture"


def test_a_cross_validation_goes_on_to_the_same_bytes(here):
    flow, seen = flowspec.parse(FLOW), []

    def stumble(epoch):
        seen.append(epoch)
        if len(seen) == 5:
            raise KeyboardInterrupt

    flowspec.fit(flow, ROWS, output="whole", folds=2)
    with pytest.raises(KeyboardInterrupt):
        flowspec.fit(flow, ROWS, output="again", folds=2, checkpoint_every=0, on_epoch=stumble)
    flowspec.fit(flow, ROWS, output="again", folds=2, resume=True)
    for name in ("weights.safetensors", "metrics.json"):
        assert Path("whole", name).read_bytes() == Path("again", name).read_bytes(), name


@pytest.mark.parametrize("remeasure", [False, True])
def test_folds_of_a_regression_see_the_context_on_one_scale(remeasure):
    flow = flowspec.parse(GIVEN)
    settings = {"epochs": 2, "folds": 2, "remeasure": remeasure}
    model = flowspec.fit(flow, ROWS[:, 1], ROWS[:, 0], **settings)
    assert np.isfinite(model.log_prob(ROWS[:, 1], ROWS[:, 0])).all()
    paths = [path for path in model.weights if path.startswith("context.")]
    half = Shuffled(array_source(flow, ROWS[:, 1], ROWS[:, 0], None), Settings())
    known = half.of_fold(Settings(), Fold(0, 2, 0)).measured().context.double().numpy()
    assert paths and any(np.allclose(model.weights[p], known.mean()) for p in paths)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"held_out": ROWS}, "no other rows are held out beside them"),
        ({"folds": 61}, "60 rows cannot be cut into 61 folds"),
    ],
)
def test_folds_that_cannot_be_are_refused(options, words):
    with pytest.raises(flowspec.FlowError, match=words):
        flowspec.fit(flowspec.parse(FLOW), ROWS, **{"folds": 2, **options})


@pytest.mark.parametrize("option", [("--held-out", "data.csv"), ("--validation", 0.2)])
def test_the_command_holds_out_folds_or_other_rows(call, here, option):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--folds", 3, *option)
    assert answer.code == 2 and "--folds hold out rows" in answer.err


def test_the_command_has_folds_or_an_ensemble_for_members(call, here):
    write_table("data.csv", ["a", "b"], ROWS.T)
    Path("it.flow").write_text(FLOW)
    both = ("--folds", 3, "--ensemble", 2)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", *both)
    assert answer.code == 2 and "leave --ensemble out" in answer.err
    assert not Path("made.training").exists()


def test_a_loader_has_no_folds():
    with pytest.raises(flowspec.FlowError, match="a loader has no rows that can be held out"):
        flowspec.fit(flowspec.parse(FLOW), iter_of_rows(), folds=2)


def iter_of_rows():
    from torch import from_numpy
    from torch.utils.data import DataLoader

    return DataLoader(from_numpy(ROWS).float(), batch_size=10)
