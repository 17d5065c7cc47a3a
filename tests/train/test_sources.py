"""Rows are the same rows, whatever they come in: arrays, tables, torch datasets and loaders."""

from __future__ import annotations

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader, TensorDataset

import flowspec
from same_rows import (
    CONTEXT,
    GIVEN,
    PLAIN,
    VALUES,
    WEIGHTS,
    Batched,
    Mapped,
    Streamed,
    assert_same,
    differ,
    fitted,
    write,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plain():
    """What is learned from the array."""
    return fitted(PLAIN, VALUES)


@pytest.fixture(scope="module")
def given():
    """What is learned from the array with its context."""
    return fitted(GIVEN, VALUES, CONTEXT)


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
