"""What a conditional bundle expects: samples for each row, quantiles, integral transforms."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flowspec
from commands import refused, written
from flowspec.runtime import predictive


@pytest.fixture(scope="module")
def shifted(tmp_path_factory):
    """y is normal around c."""
    flow = flowspec.parse("context c: real\nevent y: real\nNormal(0, 1) |> Shift(c)")
    return flowspec.compile(flow, tmp_path_factory.mktemp("shifted") / "m")


@pytest.fixture
def table(here):
    return written(here / "t.csv", "c,y\n0,0\n10,11\n-5,-5\n")


def columns(text: str) -> dict[str, np.ndarray]:
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_quantiles_are_those_of_the_flow_for_each_row(call, shifted, table):
    found = columns(call("score", shifted, "--data", table, "--quantiles", "5,50,95").out)
    assert list(found) == ["c", "y", "y_q5", "y_q50", "y_q95", "log_prob"]
    assert_allclose(found["y_q50"], [0, 10, -5], atol=0.15)
    assert_allclose(found["y_q95"] - found["y_q5"], 3.29, atol=0.4)


def test_transforms_are_shares_below(call, shifted, table):
    found = columns(call("score", shifted, "--data", table, "--pit", "--draws", "4000").out)
    assert_allclose(found["y_pit"], [0.5, 0.841, 0.5], atol=0.03)


def test_they_do_not_depend_on_the_blocks(shifted, monkeypatch):
    bundle, context = flowspec.load(shifted), np.arange(7.0)[:, None]
    whole = predictive.quantiles(bundle, context, [0.1, 0.9], 50)
    shares = predictive.transforms(bundle, context, context, 50)
    monkeypatch.setattr(predictive, "NUMBERS_AT_ONCE", 100)
    assert (predictive.quantiles(bundle, context, [0.1, 0.9], 50) == whole).all()
    assert (predictive.transforms(bundle, context, context, 50) == shares).all()
    assert predictive.quantiles(bundle, context[:0], [0.5]).shape == (0, 1, 1)


def test_missing_rows_have_no_transform(shifted):
    found = predictive.transforms(flowspec.load(shifted), [[np.nan]], [[0.0]], 20)
    assert np.isnan(found).all()


def test_samples_for_each_row_say_which(call, shifted, table):
    found = columns(
        call("sample", shifted, "--context", table, "--per-row", "4", "--seed", "3").out
    )
    assert found["row"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    repeated = np.repeat([0.0, 10, -5], 4)[:, None]
    assert_allclose(found["y"], flowspec.load(shifted).sample(seed=3, context=repeated), rtol=1e-6)


def test_what_does_not_go_together_is_refused(call, shifted, table, bundles):
    x = written(table.with_name("x.csv"), "x\n0.5\n")
    refused(call("score", bundles / "one", "--data", x, "--pit"), "conditional", code=2)
    for wrong in ("5,x", "101", "-1", ""):
        refused(call("score", shifted, "--data", table, f"--quantiles={wrong}"), "5,50,95", code=2)
    refused(call("sample", bundles / "one", "--per-row", "3"), "--context", code=2)
    refused(call("sample", shifted, "--context", table, "--per-row", "3", "-n", "2"), "-n", code=2)
