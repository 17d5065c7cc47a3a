"""Rows are the same rows, whatever they come in: arrays, tables, torch datasets and loaders."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pyarrow
import pytest

torch = pytest.importorskip("torch")

from pyarrow import parquet
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import flowspec
from flowspec.data.pieces import open_pieces
from flowspec.ir.settings import Settings
from flowspec.train.feed import datasets, sources
from flowspec.train.feed.datasets import dataset_source
from flowspec.train.feed.sources import array_source, table_source

PLAIN = (
    "event a, b: positive\nNSF(2, hidden=[8], bins=4, transforms=1) |> Standardize |> Onto(event)"
)
GIVEN = f"context z: positive\n{PLAIN}"
VALUES = np.exp(np.random.default_rng(0).normal([[1.0, -1.0]], [[0.5, 1.0]], (90, 2)))
CONTEXT = np.exp(np.random.default_rng(1).normal(size=(90, 1)))
WEIGHTS = np.random.default_rng(2).integers(0, 3, 90).astype(float)
SETTINGS = Settings(epochs=3, batch_size=32, learning_rate=0.02)


def fitted(flow: str, data, *arguments, **options) -> dict[str, np.ndarray]:
    weights = flowspec.fit(
        flowspec.parse(flow), data, *arguments, settings=SETTINGS, **options
    ).complete_weights
    assert all(np.isfinite(value).all() for value in weights.values())
    return weights


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    for path in weights:
        np.testing.assert_array_equal(weights[path], others[path], err_msg=path)


def differ(weights, others) -> bool:
    return any((weights[path] != others[path]).any() for path in weights)


@pytest.fixture(scope="module")
def plain():
    """What is learned from the array."""
    return fitted(PLAIN, VALUES)


@pytest.fixture(scope="module")
def given():
    """What is learned from the array with its context."""
    return fitted(GIVEN, VALUES, CONTEXT)


class Mapped(Dataset):
    """Items of one's own making."""

    def __init__(self, item, count: int = 90):
        self.item = item
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        return self.item(index)


class Streamed(IterableDataset):
    """Rows one after the other."""

    def __init__(self, *columns):
        self.columns = columns

    def __iter__(self) -> Iterator:
        for row in zip(*self.columns, strict=True):
            yield row if len(row) > 1 else row[0]


class Batched:
    """Batches of arrays, the same at each look."""

    def __init__(self, *columns: np.ndarray):
        self.columns = columns

    def __iter__(self) -> Iterator:
        for start in range(0, 90, 32):
            rows = tuple(column[start : start + 32] for column in self.columns)
            yield rows if len(rows) > 1 else rows[0]


def write(path, names, *columns, row_group_size: int = 1000):
    table = dict(zip(names, np.column_stack(columns).T, strict=True))
    if path.suffix == ".csv":
        np.savetxt(
            path, np.column_stack(columns), "%.17g", ",", header=",".join(names), comments=""
        )
    elif path.suffix == ".npy":
        np.save(path, np.column_stack(columns))
    else:
        parquet.write_table(pyarrow.table(table), path, row_group_size=row_group_size)
    return path


# --- the same rows, the same weights --------------------------------------------------------------

FORMS = {
    "list": lambda: VALUES.tolist(),
    "columns first in memory": lambda: np.asfortranarray(VALUES),
    "backwards in memory": lambda: VALUES[::-1].copy()[::-1],
    "read-only": lambda: np.frombuffer(VALUES.tobytes()).reshape(VALUES.shape),
    "big-endian": lambda: VALUES.astype(">f8"),
    "tensor": lambda: torch.from_numpy(VALUES),
    "tensor with gradients": lambda: torch.from_numpy(VALUES).requires_grad_(),
    "TensorDataset": lambda: TensorDataset(torch.from_numpy(VALUES)),
    "dataset of tensors": lambda: Mapped(lambda i: torch.from_numpy(VALUES[i])),
    "dataset of arrays": lambda: Mapped(lambda i: VALUES[i]),
    "dataset of tuples": lambda: Mapped(lambda i: (VALUES[i],)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_give_the_same_weights(form, plain):
    assert_same(fitted(PLAIN, FORMS[form]()), plain)


CONDITIONAL = {
    "tensors": lambda: (torch.from_numpy(VALUES), torch.from_numpy(CONTEXT)),
    "context of one axis": lambda: (VALUES, CONTEXT[:, 0]),
    "TensorDataset": lambda: (TensorDataset(torch.from_numpy(VALUES), torch.from_numpy(CONTEXT)),),
    "dataset of pairs": lambda: (Mapped(lambda i: (VALUES[i], CONTEXT[i])),),
    "dataset with plain numbers": lambda: (Mapped(lambda i: [VALUES[i], CONTEXT[i, 0]]),),
}


@pytest.mark.parametrize("form", CONDITIONAL)
def test_the_same_rows_and_contexts_give_the_same_weights(form, given):
    assert_same(fitted(GIVEN, *CONDITIONAL[form]()), given)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_a_table_gives_the_weights_of_its_array(tmp_path, suffix, plain, given):
    path = write(tmp_path / f"it{suffix}", "ab", VALUES)
    assert_same(fitted(PLAIN, path), plain)
    assert_same(fitted(PLAIN, str(path)), plain)
    names, columns = (
        ("abz", (VALUES, CONTEXT)) if suffix == ".npy" else ("zba", (CONTEXT, VALUES[:, ::-1]))
    )
    assert_same(fitted(GIVEN, write(tmp_path / f"given{suffix}", names, *columns)), given)


def test_scalars_may_have_an_axis_or_not():
    text = "event a\nNormal(learn(0), learn(1))"
    expected = fitted(text, VALUES[:, 0])
    assert_same(fitted(text, VALUES[:, :1]), expected)
    assert_same(fitted(text, Mapped(lambda i: VALUES[i, 0])), expected)
    assert_same(fitted(text, TensorDataset(torch.from_numpy(VALUES[:, :1]))), expected)


def test_rounded_tensors_are_the_rounded_rows():
    rounded = torch.from_numpy(VALUES).bfloat16()
    assert_same(fitted(PLAIN, rounded), fitted(PLAIN, rounded.double().numpy()))


def test_a_column_of_weights_weighs_as_an_array_does(tmp_path):
    expected = fitted(PLAIN, VALUES, weights=WEIGHTS)
    path = write(tmp_path / "it.parquet", "wab", WEIGHTS, VALUES)
    assert_same(fitted(PLAIN, path, weights="w"), expected)
    assert differ(expected, fitted(PLAIN, VALUES))


def test_weights_come_with_a_context(tmp_path):
    path = write(tmp_path / "it.parquet", "wabz", WEIGHTS, VALUES, CONTEXT)
    assert_same(fitted(GIVEN, path, weights="w"), fitted(GIVEN, VALUES, CONTEXT, weights=WEIGHTS))


def test_items_are_asked_for_together_where_the_dataset_can(plain):
    class Together(Mapped):
        def __getitems__(self, index):
            assert len(index) == 90
            return [VALUES[i] for i in index]

    assert_same(fitted(PLAIN, Together(lambda i: pytest.fail("asked alone"))), plain)


# --- loaders --------------------------------------------------------------------------------------

LOADERS = {
    "DataLoader": lambda: DataLoader(TensorDataset(torch.from_numpy(VALUES)), batch_size=32),
    "DataLoader without workers": lambda: DataLoader(
        Mapped(lambda i: VALUES[i]), batch_size=32, num_workers=0
    ),
    "DataLoader of a stream": lambda: DataLoader(Streamed(VALUES), batch_size=32),
    "stream": lambda: Streamed(VALUES),
    "batches of arrays": lambda: Batched(VALUES),
    "batches of float32": lambda: Batched(VALUES.astype(np.float32)),
}


@pytest.fixture(scope="module")
def in_order():
    """What is learned from batches of 32 rows, always in the same order."""
    return fitted(PLAIN, Batched(VALUES))


@pytest.mark.parametrize("form", LOADERS)
def test_the_same_batches_give_the_same_weights(form, in_order):
    assert_same(fitted(PLAIN, LOADERS[form]()), in_order)


CONDITIONAL_LOADERS = {
    "DataLoader": lambda: DataLoader(
        TensorDataset(torch.from_numpy(VALUES), torch.from_numpy(CONTEXT)), batch_size=32
    ),
    "DataLoader of a stream": lambda: DataLoader(Streamed(VALUES, CONTEXT), batch_size=32),
    "stream": lambda: Streamed(VALUES, CONTEXT[:, 0]),
}


@pytest.mark.parametrize("form", CONDITIONAL_LOADERS)
def test_the_same_batches_and_contexts_give_the_same_weights(form):
    assert_same(fitted(GIVEN, CONDITIONAL_LOADERS[form]()), fitted(GIVEN, Batched(VALUES, CONTEXT)))


def shuffled(**options) -> DataLoader:
    return DataLoader(
        TensorDataset(torch.from_numpy(VALUES)), batch_size=32, shuffle=True, **options
    )


def test_a_loader_that_shuffles_gives_the_same_weights_for_the_same_seed():
    first = fitted(PLAIN, shuffled())
    torch.rand(7)
    assert_same(fitted(PLAIN, shuffled()), first)
    changed = flowspec.fit(
        flowspec.parse(PLAIN), shuffled(), epochs=3, batch_size=32, learning_rate=0.02, seed=1
    )
    assert differ(changed.complete_weights, first)


def test_a_loader_shuffles_anew_in_every_epoch():
    seen: list[int] = []
    data = Mapped(lambda i: seen.append(i) or VALUES[i])
    fitted(PLAIN, DataLoader(data, batch_size=32, shuffle=True))
    epochs = [tuple(seen[start : start + 90]) for start in range(0, len(seen), 90)]
    assert all(sorted(epoch) == list(range(90)) for epoch in epochs)
    assert len({*epochs[-3:]}) == 3


@pytest.mark.parametrize(
    "data", [lambda: VALUES, shuffled, lambda: Streamed(VALUES)], ids=["array", "loader", "stream"]
)
def test_the_random_numbers_of_others_are_left_alone(data):
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    fitted(PLAIN, data())
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]


# --- rows that are held out -----------------------------------------------------------------------

HELD_OUT = {
    "array": lambda path: VALUES[60:],
    "list": lambda path: VALUES[60:].tolist(),
    "tensor": lambda path: torch.from_numpy(VALUES[60:]),
    "tuple of an array": lambda path: (VALUES[60:],),
    "dataset": lambda path: Mapped(lambda i: VALUES[60 + i], 30),
    "table": lambda path: write(path / "it.parquet", "ba", VALUES[60:, ::-1]),
}


@pytest.mark.parametrize("form", HELD_OUT)
@pytest.mark.parametrize(
    "data", [lambda: VALUES[:60], lambda: Batched(VALUES[:60])], ids=["array", "batches"]
)
def test_what_is_held_out_may_come_in_every_form(tmp_path, form, data):
    epochs, others = [], []
    weights = fitted(PLAIN, data(), held_out=HELD_OUT[form](tmp_path), on_epoch=epochs.append)
    assert_same(weights, fitted(PLAIN, data(), held_out=VALUES[60:], on_epoch=others.append))
    assert [epoch.validation for epoch in epochs] == [epoch.validation for epoch in others]
    assert all(epoch.validation != epoch.loss for epoch in epochs)


@pytest.mark.parametrize(
    "held_out",
    [
        lambda: (VALUES[60:], CONTEXT[60:]),
        lambda: TensorDataset(torch.from_numpy(VALUES[60:]), torch.from_numpy(CONTEXT[60:])),
    ],
    ids=["pair", "dataset"],
)
def test_what_is_held_out_has_its_context(held_out):
    weights = fitted(GIVEN, VALUES[:60], CONTEXT[:60], held_out=held_out())
    assert differ(weights, fitted(GIVEN, VALUES[:60], CONTEXT[:60]))


@pytest.mark.parametrize(
    "held_out", [VALUES[60:61], VALUES[[60, 60, 60]], [[1.0, 2.0], [1.0, 3.0]]]
)
@pytest.mark.parametrize(
    "data", [lambda: VALUES[:60], lambda: Batched(VALUES[:60])], ids=["array", "batches"]
)
def test_what_is_held_out_may_be_one_row_or_all_alike(held_out, data):
    fitted(PLAIN, data(), held_out=held_out)


def test_the_validation_loss_is_that_of_the_rows_held_out():
    epochs = []
    text = "event a, b: positive\nNormal(learn(0), learn(1))[2] |> Onto(event)"
    model = flowspec.fit(
        flowspec.parse(text), VALUES[:60], held_out=VALUES[60:], on_epoch=epochs.append, epochs=5
    )
    best = min(epoch.validation for epoch in epochs)
    assert best == pytest.approx(-model.log_prob(VALUES[60:]).mean(), rel=1e-5)


# --- larger than memory, and rows left out --------------------------------------------------------

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
    for found, given in ((rows.values, SPOILED), (rows.context, CONTEXT), (rows.weights, WEIGHTS)):
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
