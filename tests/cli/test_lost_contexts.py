"""One row whose context the flow does not take costs the density of this row, not of the table."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flowspec
from commands import refused, written

ROWS = "y,z\n1,2\n1,1e300\n1,-1\n1,\n,3\n-1,2\n"
LOST = [False, True, True, False, False, False]


@pytest.fixture
def rows(here):
    return written(here / "rows.csv", ROWS)


def test_score_leaves_such_rows_without_a_density_and_tells_the_first(call, bundles, rows):
    answer = call("score", bundles / "given", "--data", rows)
    found = [float(row[-1]) for row in answer.rows[1:]]
    expected = float(flowspec.load(bundles / "given").log_prob([1], [[2]])[0])
    assert_allclose(found, np.float32([expected, *[np.nan] * 4, -np.inf]).astype(str).astype(float))
    assert answer.err == (
        "note: context `z` is 1e+300 in row 2, past float32, and in 1 other row: no density\n"
    )
    told = call("score", bundles / "given", "--data", rows, "-o", "scored.csv").err
    assert "1 outside the support, 2 with missing numbers, 2 with a context outside its" in told
    assert f"mean log_prob {expected:.4f}" in told


@pytest.mark.parametrize("option", ["--latent", "--sum-out", "--pit", "--quantiles=5,95"])
def test_no_column_of_score_holds_numbers_for_such_rows(call, bundles, rows, option):
    answer = call("score", bundles / "given", "--data", rows, option, "--draws", "10")
    numbers = np.array([row[2:] for row in answer.rows[1:]], float)
    assert np.isnan(numbers[LOST]).all() and np.isfinite(numbers[0]).all()


def test_a_folder_of_scores_counts_them(call, here, bundles):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"y": [1.0, 1.0], "z": [2.0, 1e300]}), here / "t.parquet")
    answer = call("score", bundles / "given", "--data", "t.parquet", "-o", "out", "--workers", 1)
    assert answer.err.endswith(", 1 with a context outside its support\n")
    assert np.isnan(parquet.read_table(here / "out")["log_prob"].to_numpy()).tolist() == [0, 1]


def test_impute_leaves_such_rows_as_they_are(call, here, bundles):
    holes = written(here / "holes.csv", "y,z\n,2\n,1e300\n,0\n")
    answer = call("impute", bundles / "given", "--data", holes)
    assert [bool(row[0]) for row in answer.rows[1:]] == [True, False, False]
    assert "2 rows stay as they are" in answer.err


def test_sample_refuses_such_rows_or_leaves_them_out(call, here, bundles, rows):
    arguments = ["sample", bundles / "given", "--context", rows]
    refused(
        call(*arguments), "`z` is inf in row 2", "leave such rows out by `--drop-bad-rows` (2 of 6)"
    )
    answer = call(*arguments, "--drop-bad-rows", "--per-row", 2)
    assert answer.err == (
        "dropped 3 of 6 rows of the context that are not finite or outside the support\n"
    )
    assert [row[0] for row in answer.rows[1:]] == ["1", "1", "5", "5", "6", "6"]
    bad = written(here / "bad.csv", "z\n-1\n")
    answer = call("sample", bundles / "given", "--context", bad, "--drop-bad-rows")
    refused(answer, "all rows are not finite or outside the support", "bad.csv")
    refused(call("sample", bundles / "one", "--drop-bad-rows"), "with `--context`", code=2)
