"""The verdict at the end of a fit, by the rows that were held out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from commands import written
from flowspec.data.tables.write import write_table
from flowspec.train import judged

RANDOM = np.random.default_rng(0)
FLOW = "event x, y\nNormal([0, 0], 1) |> Standardize"
RIGHT = RANDOM.normal([3, -1], [2, 0.5], size=(900, 2))
BENT = np.column_stack([RIGHT[:, 0], RIGHT[:, 0] ** 2 + 0.1 * RIGHT[:, 1]])
EPOCHS = ("--epochs", 2, "--validation", 0.4)


@pytest.fixture
def fit(call, here):
    def fitted(rows: np.ndarray, *options, flow: str = FLOW):
        write_table("rows.csv", ["x", "y"], list(rows.T))
        answer = call(
            "fit", written(here / "it.flow", flow), "--data", "rows.csv", "-o", "it", *options
        )
        assert answer.code == 0
        return answer.err.splitlines(), json.loads(Path("it/metrics.json").read_text())

    return fitted


def test_a_fit_ends_with_the_verdict_of_its_rows_held_out(fit):
    lines, metrics = fit(RIGHT, *EPOCHS)
    assert "verdict by 360 rows held out: fine" in lines
    found = metrics["judged"]
    assert (found["rows"], found["verdict"]) == (360, "fine")
    names = [item["name"] for item in found["items"]]
    sides = ["score", "columns", "tails", "dependence", "classifier", "repeats", "copies"]
    assert names == sides
    assert "over a" in found["items"][0]["figure"]
    assert json.loads(Path("it/flow.json").read_text())["judged"] == found
    assert "| verdict by 360 rows held out | fine |" in Path("it/README.md").read_text()


def test_what_is_wrong_has_a_line_with_its_figure(fit):
    lines, metrics = fit(BENT, *EPOCHS)
    assert metrics["judged"]["verdict"] == "bad"
    assert any(line.startswith("bad: dependence: ") for line in lines)
    assert not any("fine: " in line for line in lines)
    assert "verdict by 360 rows held out: bad" in lines
    assert "; bad: " in Path("it/README.md").read_text()


def test_the_flow_is_below_a_simple_density_by_one_computation(fit):
    _, metrics = fit(BENT, *EPOCHS)
    scores = metrics["baselines"]
    score = metrics["judged"]["items"][0]
    assert score["verdict"] == "bad"
    assert f"{scores['flow'] - scores['mixture']:+.3f} +- " in score["figure"]


@pytest.mark.parametrize(
    "options",
    [
        (*EPOCHS, "--no-judge"),
        ("--epochs", 2, "--validation", 0.05),
        ("--epochs", 2, "--validation", 0),
    ],
    ids=["not wanted", "few rows", "no rows"],
)
def test_where_nothing_can_be_judged_nothing_is_said(fit, options):
    lines, metrics = fit(RIGHT, *options)
    assert metrics["judged"] == {} and not any("verdict" in line for line in lines)


def test_rows_that_other_members_have_seen_judge_nothing(fit):
    lines, metrics = fit(RIGHT, *EPOCHS, "--ensemble", 2)
    assert metrics["judged"] == {"is_seen": True} and judged.SEEN in lines


def test_members_with_a_context_hold_out_the_same_rows_and_are_judged_by_them(fit):
    flow = "context x\nevent y\nNormal(0, 1) |> Standardize"
    _, metrics = fit(RIGHT, *EPOCHS, "--ensemble", 2, flow=flow)
    assert metrics["judged"]["rows"] == metrics["rows"]["validation"]
    assert metrics["validation"] is not None
    _, metrics = fit(RIGHT, "--epochs", 2, "--folds", 2, flow=flow)
    assert metrics["judged"] == {"is_seen": True} and metrics["validation"] is None


def test_an_ensemble_is_judged_by_a_table_of_its_own(fit):
    write_table("others.csv", ["x", "y"], list(RIGHT[:200].T))
    lines, _ = fit(RIGHT[200:], "--epochs", 2, "--ensemble", 2, "--held-out", "others.csv")
    assert "verdict by 200 rows held out: fine" in lines


def test_a_conditional_fit_is_judged_by_its_coverage(fit):
    flow = "context x\nevent y\nNormal(0, 1) |> Standardize"
    _, metrics = fit(RIGHT, *EPOCHS, flow=flow)
    names = [item["name"] for item in metrics["judged"]["items"]]
    assert {"coverage", "ranks", "crps"} <= {*names}


def test_what_is_missing_is_told(fit, monkeypatch):
    monkeypatch.setattr(judged, "NEEDED", ("no_such_package",))
    lines, metrics = fit(RIGHT, *EPOCHS)
    assert metrics["judged"] == {"missing": ["no_such_package"]}
    assert judged.NOT_INSTALLED in lines
