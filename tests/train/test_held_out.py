"""Rows that are held out decide which weights are best, in whatever form they come."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import TensorDataset

import flowspec
from same_rows import (
    CONTEXT,
    GIVEN,
    PLAIN,
    VALUES,
    Batched,
    Mapped,
    assert_same,
    differ,
    fitted,
    write,
)

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
