"""`fit` leaves a bundle that learned, or refuses before it trains."""

from __future__ import annotations

import json

import numpy as np
import pytest

import flowspec
from commands import (
    BUNDLE,
    LEARNS,
    LEFT_BY_TRAINING,
    names,
    refused,
    written,
)


def test_fit_leaves_a_bundle_that_learned(call, here, table, learns):
    answer = call(
        "fit", learns, "--data", table, "-o", "made", "--epochs", 5, "--learning-rate", 0.1
    )
    assert (answer.code, answer.out) == (0, "")
    assert [line.split()[:2] for line in answer.err.splitlines()[:5]] == [
        ["epoch", str(i)] for i in range(1, 6)
    ]
    assert "wrote made" in answer.err.splitlines()[-1]
    assert names(here / "made") == sorted([*BUNDLE, *LEFT_BY_TRAINING, "weights.safetensors"])
    assert not (here / "made.training").exists()
    assert call("verify", "made").code == 0
    values = np.arange(40) / 10
    start = flowspec.Model(flowspec.read(learns)).log_prob(values).mean()
    assert flowspec.load("made").log_prob(values).mean() > start + 0.1


def test_fit_with_the_same_seed_gives_the_same_files(call, here, table, learns):
    for name, seed in [("one", 3), ("two", 3), ("three", 4)]:
        assert (
            call(
                "fit",
                learns,
                "--data",
                table,
                "-o",
                name,
                "--epochs",
                2,
                "--batch-size",
                8,
                "--seed",
                seed,
            ).code
            == 0
        )
    one, two, three = (
        {p.name: p.read_bytes() for p in (here / name).iterdir()}
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one["weights.safetensors"] != three["weights.safetensors"]


def test_fit_leaves_out_bad_rows_if_told_to(call, here, learns):
    bad = written(here / "bad.csv", "x,w\n1,1\nnan,1\n2,1\n-inf,1\n3,-1\n4,2\n")
    answer = call(
        "fit",
        learns,
        "--data",
        bad,
        "-o",
        "made",
        "--epochs",
        2,
        "--weights",
        "w",
        "--drop-bad-rows",
    )
    assert answer.code == 0
    assert (
        answer.err.splitlines()[0]
        == "dropped 3 of 6 rows that are not finite or outside the support"
    )
    metrics = json.loads((here / "made" / "metrics.json").read_text())
    assert metrics["rows"] == {"training": 3, "validation": 0}
    refused(call("fit", learns, "--data", bad, "-o", "other", "--epochs", 2), "first in row 2")


@pytest.mark.parametrize(
    ("column", "told"), [("v", "no column `v`"), ("w", "the weight is -1 in row 2")]
)
def test_fit_tells_weights_that_cannot_be(call, here, learns, column, told):
    data = written(here / "data.csv", "x,w\n1,1\n2,-1\n")
    refused(call("fit", learns, "--data", data, "-o", "made", "--weights", column), told)


FITS = {
    "missing.csv": ("a,y\n1,2\n", LEARNS, "the table has no column `x`"),
    "nan.csv": (
        "x\n1\nnan\n2\ninf\n",
        LEARNS,
        "missing or not finite in 2 of 4 rows, first in row 2",
    ),
    "empty.csv": ("x\n", LEARNS, "empty.csv has no rows"),
    "outside.csv": (
        "x\n1\n-1\n",
        f"event x: positive\n{LEARNS} |> Exp",
        "1 of 2 rows lie outside the support of `x` (positive)",
    ),
    "fixed.csv": ("x\n1\n2\n", "Normal(0, 1)", "the flow has nothing to learn"),
    "given.csv": (
        "y\n1\n",
        f"context z: positive\nevent y\n{LEARNS} |> Scale(z)",
        "the table has no column `z`",
    ),
    "far.csv": ("x\n1e30\n-1e30\n1\n", LEARNS, "the loss became 2.8"),
}


@pytest.mark.parametrize("name", FITS)
def test_fit_tells_a_table_that_it_cannot_train_on(call, here, name):
    data, text, told = FITS[name]
    flow = written(here / "it.flow", text)
    refused(
        call("fit", flow, "--data", written(here / name, data), "-o", "made", "--epochs", 1), told
    )
    failed = ["made.failed"] if "became" in told else []
    assert names(here) == sorted(["it.flow", name, *failed])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--seed", 2**63], f"the seed is {2**63}"),
        (["--learning-rate", "nan"], "the learning rate is nan"),
        (["--learning-rate", "inf"], "the learning rate is inf"),
        (["--validation", "nan"], "the share held out is nan"),
        (["-o", "data.csv"], "data.csv exists and is no bundle"),
        (["-o", "data.csv/made"], "data.csv is a file, not a directory"),
        (["-o", "."], "is no file of a bundle"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_fit_refuses_before_it_trains(call, here, table, learns, options, told):
    answer = call("fit", learns, "--data", table, "-o", "made", "--epochs", 1, *options)
    refused(answer, told)
    assert "epoch" not in answer.err
    assert names(here) == ["data.csv", "learns.flow"]


def test_the_directory_may_be_the_present_one(call, here, table, learns, monkeypatch):
    (here / "made").mkdir()
    monkeypatch.chdir(here / "made")
    assert call("fit", learns, "--data", table, "-o", ".", "--epochs", 1).code == 0
    monkeypatch.chdir(here / "made")  # another one has taken its place
    assert call("plot", ".").code == 0
    assert names(here) == ["data.csv", "learns.flow", "made", "made.png"]


def test_a_flow_that_is_measured_alone_has_no_loss(call, here):
    written(here / "measured.flow", "Normal(0, 1) |> Standardize")
    written(here / "rows.csv", "x\n1\n3\n5\n")
    answer = call("fit", "measured.flow", "--data", "rows.csv", "-o", "m")
    assert answer.code == 0
    assert answer.err.endswith("all that it learns was measured from the rows; wrote m\n")
