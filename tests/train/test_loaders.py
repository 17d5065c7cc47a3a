"""Batches that are not shuffled: those of a loader, and noise in the place of data."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.feed import batches as scoring
from flowspec.train.feed import loaders
from flowspec.train.feed.batches import Batches
from flowspec.train.feed.loaders import Loaded
from flowspec.train.feed.noise import Drawn
from numbered_rows import GIVEN, ONE, TWO, flat, numbers, shuffled, source


def loaded(loader, held_out=None, **settings) -> Loaded:
    return Loaded(flowspec.parse(ONE), loader, Settings(**settings), held_out, torch.float32)


def test_batches_of_a_loader_come_as_they_are():
    given = [torch.arange(5.0), torch.arange(5.0, 7.0)]
    batches = loaded(given)
    assert (batches.steps, batches.rows) == (2, (None, 0))
    assert numbers(batches.epoch(1)) == [batch.tolist() for batch in given]
    assert numbers(batches.epoch(1, 1)) == [given[1].tolist()]
    assert batches.measured().values.tolist() == list(range(7))
    assert not list(batches.scored())


def test_a_shuffled_epoch_of_a_loader_can_be_entered_at_every_batch():
    batches = loaded(DataLoader(torch.arange(40.0), batch_size=6, shuffle=True), seed=5)
    whole = numbers(batches.epoch(2))
    torch.rand(3)
    for first in range(len(whole) + 1):
        assert numbers(batches.epoch(2, first)) == whole[first:]
    assert numbers(batches.epoch(3)) != whole


def test_starts_are_measured_on_so_many_rows_of_a_loader(monkeypatch):
    monkeypatch.setattr(loaders, "MEASURED", 10)
    assert len(loaded([torch.arange(4.0)] * 9).measured()) == 12


def test_rows_held_out_beside_a_loader_are_scored():
    batches = loaded([torch.arange(5.0)], source((3, 0, 2), first=100))
    assert batches.rows == (None, 5)
    assert sorted(flat(batches.scored())) == list(range(100, 105))


def drawn(flow: str = TWO, draws: int = 50, context=None, dtype=torch.float32, **settings) -> Drawn:
    return Drawn(
        flowspec.parse(flow), Settings(**{"batch_size": 8, **settings}), draws, context, dtype
    )


def test_draws_are_the_same_for_the_same_seed_and_others_in_every_epoch():
    batches, again = drawn(), drawn()
    assert numbers(batches.epoch(1)) == numbers(again.epoch(1))
    assert numbers(batches.scored()) == numbers(again.scored())
    assert numbers(batches.epoch(1)) != numbers(batches.epoch(2))
    assert numbers(batches.epoch(1)) != numbers(drawn(seed=1).epoch(1))
    every = flat(batches.epoch(1)) + flat(batches.epoch(2)) + flat(batches.scored())
    assert len({tuple(row) for row in every}) == len(every)


def test_so_many_are_drawn():
    batches = drawn()
    assert [len(batch) for batch in batches.epoch(1)] == [8] * 6 + [2]
    assert batches.steps == 7
    assert len(flat(batches.scored())) == scoring.SCORED


def test_an_epoch_of_draws_can_be_entered_at_every_batch():
    whole = numbers(drawn().epoch(4))
    for first in range(len(whole) + 1):
        assert numbers(drawn().epoch(4, first)) == whole[first:]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_are_what_the_base_wants(dtype):
    flow = "event x: real, y: [0, 1]\nJoin(Normal(0, 1), Uniform(0, 1))"
    values = torch.cat([batch.values for batch in drawn(flow, 20_000, dtype=dtype).epoch(1)])
    assert values.dtype == dtype
    assert values[:, 0].mean().abs() < 0.05 and (values[:, 0].std() - 1).abs() < 0.05
    assert (values[:, 1] > 0).all() and (values[:, 1] < 1).all()
    assert (values[:, 1].mean() - 0.5).abs() < 0.02 and (values[:, 1].std() - 12**-0.5).abs() < 0.02


def test_contexts_of_draws_are_rows_of_those_given():
    given = torch.tensor([[1.0], [2.0], [3.0]])
    batches = drawn(GIVEN, context=given)
    found = torch.cat([batch.context for batch in batches.epoch(1)])
    assert found.shape == (50, 1)
    assert {*found[:, 0].tolist()} == {1.0, 2.0, 3.0}


@pytest.mark.parametrize(
    "batches",
    [shuffled((50,)), loaded([torch.arange(5.0)]), drawn()],
    ids=lambda each: type(each).__name__,
)
def test_all_kinds_of_batches_answer_alike(batches: Batches):
    assert isinstance(batches.fingerprint, str) and batches.fingerprint
    assert batches.steps == len(list(batches.epoch(1)))
    assert batches.rows[0] is None or batches.rows[0] > 0
    assert batches.shown(3) is None or len(batches.shown(3)) == 3
    assert batches.judged(3) is None or len(batches.judged(3)) == 3
