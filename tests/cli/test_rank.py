"""`score --rank` says how rare a row is among those of the training."""

from __future__ import annotations

import numpy as np
import pytest
from pyarrow import parquet

import flowspec
from commands import names, refused, written
from flowspec.data.tables.read import read_table

ROWS = np.random.default_rng(0).normal(size=400)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    flow = flowspec.parse("event x\ntrain { epochs = 2 }\nNormal(0, 1) |> Standardize")
    place = tmp_path_factory.mktemp("rank") / "fitted"
    flowspec.fit(flow, ROWS, output=place)
    return place


def test_the_rank_stands_behind_the_density(call, here, fitted):
    data = written(here / "data.csv", "rank,x\na,-9\nb,0\nc,\n")
    answer = call("score", fitted, "--data", data, "--rank")
    assert (answer.code, answer.err) == (0, "")
    head, far, middle, missing = answer.rows
    assert head == ["rank", "x", "log_prob", "rank_2"]
    assert (far[-1], missing[-1]) == ("0.0", "nan") and 0.9 < float(middle[-1]) <= 1


def test_a_folder_gets_ranks_too(call, here, fitted):
    data = here / "data.parquet"
    call("sample", fitted, "-n", 50, "-o", data)
    answer = call("score", fitted, "--data", data, "--rank", "-o", "scored", "--workers", 1)
    assert answer.code == 0
    found = read_table(here / "scored")
    assert found.columns == ("x", "log_prob", "rank")
    bundle = flowspec.load(fitted)
    log_prob, rank = found.numbers(["log_prob", "rank"]).T
    np.testing.assert_allclose(rank, bundle.rank(log_prob))
    assert parquet.read_schema(here / "scored" / "data.parquet").names == [*found.columns]


@pytest.mark.parametrize("output", [[], ["-o", "scored"]])
def test_a_bundle_without_ranks_is_told_before_anything_is_written(call, here, bundles, output):
    data = here / "data.parquet"
    call("sample", bundles / "one", "-n", 5, "-o", data)
    answer = call("score", bundles / "one", "--data", data, "--rank", *output)
    refused(answer, "error[no-ranks]", "help: fit it anew: `flowspec fit` keeps them")
    assert names(here) == ["data.parquet"]
