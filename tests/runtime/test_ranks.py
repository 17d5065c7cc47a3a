"""Ranks of densities among the rows of a training."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import flowspec
from flowspec.runtime.ranks import Ranks, ranks_of, read_ranks
from forgery import replaced
from refusals import refused

RANDOM = np.random.default_rng(0)


def written_and_read(ranks: Ranks) -> Ranks:
    return read_ranks("it", {"ranks.json": ranks.to_bytes()})


@pytest.mark.parametrize("rows", [1, 2, 50, 900])
def test_ranks_among_few_rows_are_exact(rows):
    densities = RANDOM.normal(size=rows).astype(np.float32)
    ranks = written_and_read(ranks_of(densities))
    expected = (densities[:, None] > densities).mean(axis=1)
    np.testing.assert_allclose(ranks.of(densities), expected, atol=1e-12)


def test_ranks_among_many_rows_are_close_and_closest_where_rows_are_rare():
    densities = np.sort(RANDOM.standard_exponential(200_000) * -3)
    found = written_and_read(ranks_of(densities)).of(densities)
    expected = np.arange(200_000) / 200_000
    np.testing.assert_allclose(found[:64], expected[:64], atol=1e-9)
    assert np.abs(found - expected)[:200].max() < 4e-5
    assert np.abs(found - expected).max() < 1e-3
    assert len(ranks_of(densities).to_bytes()) < 40_000


def test_rows_of_the_same_density_are_not_below_each_other():
    ranks = ranks_of(np.array([1.0, 1, 1, 2]))
    assert ranks.of([1.0, 2.0]).tolist() == [0, 0.75]


def test_beyond_all_rows_the_rank_is_0_or_1():
    ranks = ranks_of(np.array([0.0, 1.0, -np.inf]))
    assert ranks.of([-np.inf, -5, 0, 9]).tolist() == [0, 0, pytest.approx(1 / 3), 1]
    assert np.isnan(ranks.of([np.nan])).all()
    assert ranks_of(np.array([-np.inf, np.nan])) is None


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    place = tmp_path_factory.mktemp("ranks") / "fitted"
    flow = flowspec.parse(
        "event a, n\ntrain { epochs = 2, dequantize = [n] }\nNormal([0, 3], 2) |> Standardize"
    )
    rows = np.column_stack([RANDOM.normal(size=300), RANDOM.integers(0, 6, 300)])
    flowspec.fit(flow, rows, output=place)
    return place, rows


def test_a_fit_keeps_the_densities_of_the_rows_that_it_was_trained_on(fitted):
    place, rows = fitted
    bundle = flowspec.load(place)
    middles = rows + np.array([0, 0.5])
    ranks = bundle.rank(bundle.log_prob(middles))
    counts = json.loads((place / "metrics.json").read_text())["rows"]
    kept = json.loads(bundle.files["ranks.json"])
    assert kept["rows"] == counts["training"] == len(kept["log_prob"])
    assert abs(ranks.mean() - 0.5) < 0.02
    assert "`ranks.json`" in bundle.files["README.md"].decode()


def test_a_bundle_that_was_not_trained_has_no_ranks(bundles):
    told = refused(flowspec.load(bundles / "one").rank, [0.0])
    assert "does not know the densities of the rows" in told


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"rows": 1}', b'{"rows": 2, "below": [0, 1], "log_prob": [1, 0]}']
)
def test_what_is_no_ranks_is_told(fitted, tmp_path, content):
    place = shutil.copytree(fitted[0], tmp_path / "forged")
    (place / "ranks.json").write_bytes(content)
    assert "ranks.json is not the file that was written" in refused(flowspec.load, place)
    replaced(place, ranks_json=content)
    assert "ranks.json holds no ranks" in refused(flowspec.load(place).rank, [0.0])
