"""What the curves of a training show is said in words."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

pytest.importorskip("torch")

from commands import written
from flowspec.ir.settings import Settings
from flowspec.train.course import Epoch
from flowspec.train.remarks import crowded, remarks


def history(losses, validations=None) -> list[Epoch]:
    validations = validations or [None] * len(losses)
    pairs = zip(losses, validations, strict=True)
    return [Epoch(n, loss, held, 0.01, 1.0, 1.0) for n, (loss, held) in enumerate(pairs, 1)]


def test_a_training_that_has_settled_needs_no_word():
    assert list(remarks(history([3, 2, 1.5, 1.4, 1.3, 1.35, 1.34]))) == []
    assert list(remarks(history([3, 2, 1]))) == []  # of which nothing can be said


def test_a_best_epoch_that_is_the_last_is_told():
    (words,) = remarks(history([6, 5, 4, 3, 2, 1]))
    (other,) = remarks(history([6, 5, 4, 3, 2, 1]), longer="`--budget 20m`")
    assert other.endswith("; train on with `--budget 20m`")
    assert words == (
        "not converged: the best epoch is the last one, 6; train on with `epochs = 12`"
    )


def test_a_gap_to_the_rows_held_out_is_told():
    (words,) = remarks(history([3, 2, 1, 0.5, 0.2, 0.1], [3, 2.5, 2, 1.9, 1.95, 2]))
    assert words.startswith("overfitting: rows held out are 1.40 nats worse")


def test_what_a_training_has_is_not_advised():
    losses = [3, 2, 1, 0.5, 0.2, 0.1], [3, 2.5, 2, 1.9, 1.95, 2]
    (plain,) = remarks(history(*losses), Settings(weight_decay=1.0))
    assert plain.endswith("try more rows, a smaller network, or AdamW with `weight_decay = 1`")
    (decayed,) = remarks(history(*losses), Settings(optimizer="adamw", weight_decay=1.0))
    assert decayed.endswith("try more rows or a smaller network")


@pytest.mark.parametrize("high", [4.5, math.inf])
def test_a_jump_is_told_with_its_epoch(high):
    (words,) = remarks(history([3, 2, 1.5, high, 1.4, 1.5, 1.6]))
    what = "was not finite" if high == math.inf else "jumped by 3.0 nats"
    assert words == f"the loss {what} in epoch 4; try a smaller `learning_rate`"


def test_the_command_says_it_and_keeps_it(call, here):
    written(here / "far.flow", "Normal(learn(0), 1)")
    rows = 30 + np.random.default_rng(0).normal(size=200)
    written(here / "t.csv", "x\n" + "\n".join(map(str, rows)) + "\n")
    answer = call("fit", "far.flow", "--data", "t.csv", "--epochs", "6", "--learning-rate", "0.001",
                  "--schedule", "constant", "-o", "m")  # fmt: skip
    assert answer.code == 0
    told = "not converged: the best epoch is the last one, 6; train on with `epochs = 12`"
    assert f"note: {told}\n" in answer.err
    assert told in json.loads((here / "m" / "metrics.json").read_text())["remarks"]


def test_far_more_numbers_than_the_rows_have_are_told():
    (told,) = crowded(22_030, 2, 3)
    assert told.startswith("2 rows of 3 columns train 22,030 numbers; try more rows")
    assert not list(crowded(22_030, 100, 3))
    assert not list(crowded(22_030, None, 3))
