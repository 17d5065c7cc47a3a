"""Sources larger than memory, and rows that are left out."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import TensorDataset

import flowspec
from flowspec.data.pieces import open_pieces
from flowspec.train.feed import datasets, sources
from flowspec.train.feed.datasets import dataset_source
from flowspec.train.feed.sources import array_source, table_source
from same_rows import CONTEXT, GIVEN, PLAIN, VALUES, WEIGHTS, Mapped, assert_same, fitted, write

SPOILED = np.where(np.arange(180).reshape(90, 2) % 37 == 0, -1.0, VALUES)
"""With five rows outside the support."""


def source_of(kind: str, path, values=VALUES, **options):
    flow = flowspec.parse(PLAIN)
    if kind == "array":
        return array_source(flow, values, **options)
    if kind == "dataset":
        return dataset_source(flow, TensorDataset(torch.from_numpy(values)), **options)
    return table_source(
        flow, open_pieces(write(path / "it.parquet", "ab", values, row_group_size=20)), **options
    )


@pytest.mark.parametrize("kind", ["array", "table", "dataset"])
@pytest.mark.parametrize("values", [VALUES, SPOILED], ids=["good", "spoiled"])
def test_a_source_too_large_for_memory_gives_the_same_weights(tmp_path, monkeypatch, kind, values):
    monkeypatch.setattr(datasets, "ITEMS", 20)
    expected = fitted(PLAIN, source_of(kind, tmp_path, values, drop=True))
    monkeypatch.setattr(sources, "KEPT_NUMBERS", 0)
    source = source_of(kind, tmp_path, values, drop=True)
    assert_same(fitted(PLAIN, source), expected)
    assert source.read(0) is not source.read(0)


def test_a_source_that_fits_into_memory_is_read_once(tmp_path, monkeypatch):
    looks = []
    dataset = Mapped(lambda i: looks.append(i) or VALUES[i])
    fitted(PLAIN, dataset)
    assert len(looks) == 90
    monkeypatch.setattr(sources, "KEPT_NUMBERS", 179)
    fitted(PLAIN, dataset)
    assert len(looks) > 270


@pytest.mark.parametrize("kind", ["array", "table", "dataset"])
def test_rows_with_a_fault_are_left_out_if_wanted(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(datasets, "ITEMS", 20)
    source = source_of(kind, tmp_path, SPOILED, drop=True)
    assert (len(source), source.dropped) == (85, 5)
    found = torch.cat([source.read(piece).values for piece in range(len(source.sizes))])
    np.testing.assert_array_equal(
        found.numpy(), SPOILED[(SPOILED > 0).all(axis=1)].astype(np.float32)
    )
    with pytest.raises(flowspec.FlowError, match="lie outside"):
        source_of(kind, tmp_path, SPOILED)


def test_contexts_and_weights_are_left_out_with_their_rows():
    flow = flowspec.parse(GIVEN)
    context, weights = CONTEXT.copy(), WEIGHTS.copy()
    context[3], weights[5] = np.nan, -1
    source = array_source(flow, SPOILED, context, weights, drop=True)
    good = (SPOILED > 0).all(axis=1) & (np.arange(90) != 3) & (np.arange(90) != 5)
    rows = source.read(0)
    assert source.dropped == 90 - good.sum()
    for found, given in (
        (rows.values, SPOILED),
        (rows.context, CONTEXT),
        (rows.weights * 4, WEIGHTS),
    ):
        np.testing.assert_array_equal(found.numpy(), given[good].astype(np.float32))


def test_nothing_is_left_out_where_nothing_is_wrong():
    source = array_source(flowspec.parse(PLAIN), VALUES, drop=True)
    assert (len(source), source.dropped) == (90, 0)


def test_a_row_that_is_left_out_leaves_no_trace():
    kept = SPOILED[(SPOILED > 0).all(axis=1)]
    assert_same(fitted(PLAIN, source_of("array", None, SPOILED, drop=True)), fitted(PLAIN, kept))


def test_other_rows_have_another_fingerprint():
    flow = flowspec.parse(PLAIN)
    prints = {
        array_source(flow, VALUES).fingerprint,
        array_source(flow, VALUES[::-1]).fingerprint,
        array_source(flow, VALUES[:-1]).fingerprint,
        array_source(flow, VALUES, weights=WEIGHTS).fingerprint,
    }
    assert len(prints) == 4
    assert array_source(flow, VALUES.copy()).fingerprint in prints


def test_columns_of_a_data_frame_are_found_by_name():
    pandas = pytest.importorskip("pandas")
    flow = flowspec.parse("context z: real\nevent a, b: real\nMAF(2, hidden=[4], transforms=1)")
    columns = {name: np.random.default_rng(i).normal(size=60) for i, name in enumerate("bza")}
    arrays = np.stack([columns["a"], columns["b"]], axis=1), columns["z"]
    expected = flowspec.fit(flow, *arrays, epochs=2).complete_weights
    for frame in (pandas.DataFrame(columns | {"name": "x"}), pyarrow.table(columns)):
        found = flowspec.fit(flow, frame, epochs=2).complete_weights
        for path, value in expected.items():
            np.testing.assert_array_equal(found[path], value)
    with pytest.raises(flowspec.FlowError, match="holds 'x' in row 1"):
        flowspec.fit(
            flowspec.parse("event name: real\nNormal(learn(0), 1)"),
            pandas.DataFrame({"name": ["x", "y"]}),
        )
