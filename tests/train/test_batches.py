"""Batches of a training: every row once an epoch, the same for the same seed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flowspec.train.feed import batches as scoring
from flowspec.train.feed import shuffled as module
from flowspec.train.feed.rows import Rows
from numbered_rows import GIVEN, flat, numbers, shuffled, source

SIZES = [(50,), (20, 20, 10), (1,) * 50, (3, 0, 17, 1, 0, 24, 5, 0), (49, 1)]
POOLS = [1, 12, 40, 10**6]


def named(sizes) -> str:
    return "+".join(map(str, sizes)) if len(sizes) < 9 else f"{len(sizes)}x{sizes[0]}"


@pytest.fixture(params=POOLS)
def pool(request, monkeypatch) -> int:
    """Numbers that are held at a time."""
    monkeypatch.setattr(module, "POOL_NUMBERS", request.param)
    return request.param


# --- an epoch -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", SIZES, ids=named)
def test_every_row_comes_once_an_epoch_or_is_held_out(pool, sizes):
    batches = shuffled(sizes)
    held_out = flat(batches.scored())
    for epoch in (1, 2, 3):
        assert sorted(flat(batches.epoch(epoch)) + held_out) == list(range(50))
    assert batches.rows == (40, 10)
    assert len(held_out) == 10


@pytest.mark.parametrize("sizes", SIZES, ids=named)
@pytest.mark.parametrize("batch_size", [1, 7, 8, 40, 100])
def test_all_batches_but_the_last_are_full(pool, sizes, batch_size):
    batches = shuffled(sizes, batch_size=batch_size)
    lengths = [len(batch) for batch in batches.epoch(1)]
    assert lengths == [batch_size] * (40 // batch_size) + [40 % batch_size] * (40 % batch_size > 0)
    assert len(lengths) == batches.steps


@pytest.mark.parametrize("sizes", SIZES, ids=named)
def test_the_order_is_another_in_every_epoch_and_the_same_for_the_same_seed(pool, sizes):
    epochs = [flat(shuffled(sizes).epoch(number)) for number in (1, 2, 3)]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert epochs == [flat(shuffled(sizes).epoch(number)) for number in (1, 2, 3)]
    assert flat(shuffled(sizes, seed=1).epoch(1)) != epochs[0]


def test_rows_are_shuffled_across_the_pieces_that_are_held_together(monkeypatch):
    monkeypatch.setattr(module, "POOL_NUMBERS", 100)
    first = np.array(flat(shuffled((50, 50), validation=0.0).epoch(1))[:50])
    assert 10 < (first < 50).sum() < 40


def test_pieces_too_large_to_be_held_together_come_in_another_order_in_every_epoch(monkeypatch):
    monkeypatch.setattr(module, "POOL_NUMBERS", 1)
    batches = shuffled((10,) * 5, batch_size=10, validation=0.0)
    orders = [
        [{int(row) // 10 for row in batch} for batch in numbers(batches.epoch(number))]
        for number in (1, 2, 3)
    ]
    assert all(len(pieces) == 1 for order in orders for pieces in order)
    assert orders[0] != orders[1] != orders[2]


@pytest.mark.parametrize("sizes", SIZES, ids=named)
def test_an_epoch_can_be_entered_at_every_batch(pool, sizes):
    batches = shuffled(sizes)
    whole = numbers(batches.epoch(2))
    for first in range(len(whole) + 2):
        assert numbers(batches.epoch(2, first)) == whole[first:]


def test_an_epoch_that_is_entered_later_reads_no_piece_before_it(monkeypatch):
    monkeypatch.setattr(module, "POOL_NUMBERS", 1)
    batches, read = shuffled((10,) * 5, batch_size=8), []
    piece = batches.source.read
    monkeypatch.setattr(batches.source, "read", lambda index: read.append(index) or piece(index))
    list(batches.epoch(1, 3))
    assert len(read) == 2


def test_context_and_weights_come_with_their_rows(pool):
    scale = 64  # the power of two above the largest weight
    for batch in shuffled((3, 0, 17, 1, 24, 5), GIVEN).epoch(1):
        assert torch.equal(batch.context[:, 0], -batch.values)
        assert torch.equal(batch.weights * scale, batch.values + 1)
        assert batch.weight * scale == pytest.approx((batch.values + 1).sum().item())


# --- what is held out -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 10, 99, 1000])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_share_that_is_held_out_is_right_over_many_small_pieces(count, size):
    batches = shuffled((size,) * count, validation=0.1)
    assert batches.rows == (count * size - round(0.1 * count * size), round(0.1 * count * size))


def test_what_is_held_out_comes_from_all_pieces():
    assert {int(row) // 10 for row in flat(shuffled((10,) * 5).scored())} == set(range(5))


def test_no_more_is_held_out_than_fits_into_memory(monkeypatch):
    monkeypatch.setattr(module, "MOST_HELD_OUT", 6)
    batches = shuffled((10,) * 5, validation=0.5)
    assert batches.rows == (44, 6)
    assert len(flat(batches.scored())) == 6
    assert {int(row) // 10 for row in flat(batches.scored())} == set(range(5))


@pytest.mark.parametrize("sizes", [(2,), (1, 1), (3,)])
def test_one_row_at_least_is_trained_on(sizes):
    batches = shuffled(sizes, validation=0.9)
    assert batches.rows == (1, sum(sizes) - 1)
    assert len(flat(batches.epoch(1))) == 1


def test_nothing_is_held_out_where_nothing_is_to_be(pool):
    batches = shuffled((20, 20, 10), validation=0.0)
    assert batches.rows == (50, 0)
    assert sorted(flat(batches.epoch(1))) == list(range(50))
    assert list(batches.scored()) == []


def test_given_rows_are_held_out_in_place_of_a_share(pool):
    batches = shuffled((20, 20, 10), held_out=source((3, 0, 2), first=100))
    assert batches.rows == (50, 5)
    assert sorted(flat(batches.epoch(1))) == list(range(50))
    assert sorted(flat(batches.scored())) == list(range(100, 105))
    assert (
        batches.fingerprint
        != shuffled((20, 20, 10), held_out=source((3, 0, 2), first=101)).fingerprint
    )


def test_another_seed_holds_out_other_rows():
    first, other = (sorted(flat(shuffled((50,), seed=seed).scored())) for seed in (0, 1))
    assert first != other


def test_many_rows_are_scored_in_parts(monkeypatch):
    monkeypatch.setattr(scoring, "SCORED", 4)
    assert [len(rows) for rows in shuffled((50,), validation=0.2).scored()] == [4, 4, 2]


def test_pictures_show_rows_that_are_there(pool):
    batches = shuffled((20, 20, 10))
    assert {*flat([batches.shown(5)])} <= {*range(50)}
    assert {*flat([batches.judged(5)])} <= {*flat(batches.scored())}
    assert len(batches.judged(5)) == 5
    assert {*flat([batches.measured()])} <= {*range(50)} - {*flat(batches.scored())}


# --- reading ahead --------------------------------------------------------------------------------


class Unreadable(Exception):
    """What a reader raises."""


@pytest.mark.parametrize("broken", range(4))
def test_what_goes_wrong_in_reading_a_piece_reaches_the_caller(monkeypatch, broken):
    monkeypatch.setattr(module, "POOL_NUMBERS", 1)
    batches = shuffled((10,) * 4, batch_size=3)
    read, seen = batches.source.read, []

    def reader(piece: int) -> Rows:
        seen.append(piece)
        if len(seen) == broken + 1:
            raise Unreadable(piece)
        return read(piece)

    monkeypatch.setattr(batches.source, "read", reader)
    given = []
    with pytest.raises(Unreadable):
        given += batches.epoch(1)
    assert len(seen) == broken + 1 or len(seen) == broken + 2


def test_rows_that_were_read_before_a_failure_are_given(monkeypatch):
    monkeypatch.setattr(module, "POOL_NUMBERS", 1)
    batches = shuffled((10,) * 4, batch_size=8, validation=0.0)
    read, seen = batches.source.read, []

    def reader(piece: int) -> Rows:
        seen.append(piece)
        if len(seen) == 3:
            raise Unreadable
        return read(piece)

    monkeypatch.setattr(batches.source, "read", reader)
    epoch = batches.epoch(1)
    assert len(flat([next(epoch), next(epoch)])) == 16
    with pytest.raises(Unreadable):
        list(epoch)


def test_an_epoch_that_is_left_early_leaves_no_thread_behind(monkeypatch):
    monkeypatch.setattr(module, "POOL_NUMBERS", 1)
    before = threading.active_count()
    epoch = shuffled((10,) * 5).epoch(1)
    next(epoch)
    epoch.close()
    assert threading.active_count() == before
