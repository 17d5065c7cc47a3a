"""Batches of a training: every row once an epoch, the same for the same seed."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.feed import batches as scoring
from flowspec.train.feed import loaders
from flowspec.train.feed import shuffled as module
from flowspec.train.feed.batches import Batches, Purpose
from flowspec.train.feed.loaders import Loaded
from flowspec.train.feed.noise import Drawn
from flowspec.train.feed.rows import Rows
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import Source, array_source

ONE = "event x\nNormal(learn(0), learn(1))"
TWO = "event x, y\nNormal(learn(0), learn(1))[2]"
GIVEN = "context c\nevent x\nNormal(learn(0), learn(1)) |> Affine(c, 1)"

SIZES = [(50,), (20, 20, 10), (1,) * 50, (3, 0, 17, 1, 0, 24, 5, 0), (49, 1)]
POOLS = [1, 12, 40, 10**6]


def named(sizes) -> str:
    return "+".join(map(str, sizes)) if len(sizes) < 9 else f"{len(sizes)}x{sizes[0]}"


def source(sizes, flow: str = ONE, first: float = 0.0, **options) -> Source:
    """Pieces of these sizes, whose rows are numbered."""
    ends = list(itertools.accumulate(sizes, initial=0))
    numbers = first + np.arange(float(ends[-1]))[:, None]
    parsed = flowspec.parse(flow)
    context = -numbers if parsed.context else None

    def reader(start, stop):
        return lambda: (
            numbers[start:stop],
            None if context is None else context[start:stop],
            1 + numbers[start:stop, 0],
        )

    return Source(parsed, [reader(*each) for each in itertools.pairwise(ends)], **options)


def shuffled(sizes, flow: str = ONE, held_out: Source | None = None, **settings) -> Shuffled:
    return Shuffled(
        source(sizes, flow), Settings(**{"batch_size": 7, "validation": 0.2, **settings}), held_out
    )


def numbers(batches) -> list[list[float]]:
    return [batch.values.tolist() for batch in batches]


def flat(batches) -> list[float]:
    return [row for batch in batches for row in batch.values.tolist()]


@pytest.fixture(params=POOLS)
def pool(request, monkeypatch) -> int:
    """How many numbers are held at a time."""
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
    for batch in shuffled((3, 0, 17, 1, 24, 5), GIVEN).epoch(1):
        assert torch.equal(batch.context[:, 0], -batch.values)
        assert torch.equal(batch.weights, batch.values + 1)
        assert batch.weight == pytest.approx((batch.values + 1).sum().item())


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


# --- whole numbers --------------------------------------------------------------------------------

WHOLE = np.array([0.0, 1, -1, -7, 255, 1e6, -1e6, 2**21, -(2**21)] * 30)


def dequantized(validation: float = 0.0, precision: torch.dtype = torch.float32) -> Shuffled:
    data = np.stack([WHOLE, np.linspace(0.1, 0.9, len(WHOLE))], axis=1)
    given = array_source(
        flowspec.parse(TWO),
        data,
        weights=WHOLE - WHOLE.min() + 1,
        dtype=precision,
        dequantize=["x"],
    )
    return Shuffled(given, Settings(batch_size=50, validation=validation, dequantize=("x",)))


def sorted_rows(batches) -> np.ndarray:
    values = torch.cat([batch.values for batch in batches]).double().numpy()
    return values[np.argsort(values[:, 1])]


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_whole_numbers_are_moved_strictly_into_their_cells(precision):
    batches = dequantized(precision=precision)
    for epoch in range(1, 6):
        moved = sorted_rows(batches.epoch(epoch))
        assert (moved[:, 0] > WHOLE).all() and (moved[:, 0] < WHOLE + 1).all()
        spread = moved[:, 0] - WHOLE
        assert abs(spread.mean() - 0.5) < 0.1 and spread.std() == pytest.approx(12**-0.5, rel=0.15)


def test_other_columns_and_the_weights_are_left_alone():
    for batch in dequantized().epoch(1):
        k = batch.values[:, 0].floor().double()
        assert torch.equal(batch.weights.double(), k - WHOLE.min() + 1)
    moved = sorted_rows(dequantized().epoch(1))
    np.testing.assert_array_equal(moved[:, 1], np.linspace(0.1, 0.9, len(WHOLE)).astype(np.float32))


def test_even_the_least_and_the_largest_draw_stay_inside(monkeypatch):
    class Ends:
        def random(self, shape):
            return np.where(np.arange(shape[0])[:, None] % 2, 0.0, 1 - 2**-53)

    draw = module.random
    monkeypatch.setattr(
        module, "random", lambda *given: Ends() if Purpose.CELLS in given[2:3] else draw(*given)
    )
    moved = sorted_rows(dequantized().epoch(1))[:, 0]
    assert (moved > WHOLE).all() and (moved < WHOLE + 1).all()


def test_whole_numbers_are_moved_anew_in_every_epoch_and_the_same_for_the_same_seed():
    epochs = [sorted_rows(dequantized().epoch(number))[:, 0] for number in (1, 2)]
    assert (epochs[0] != epochs[1]).mean() > 0.9
    np.testing.assert_array_equal(sorted_rows(dequantized().epoch(1))[:, 0], epochs[0])


def test_an_epoch_of_whole_numbers_can_be_entered_at_every_batch():
    batches = dequantized()
    whole = numbers(batches.epoch(3))
    for first in range(len(whole) + 1):
        assert numbers(batches.epoch(3, first)) == whole[first:]


def test_whole_numbers_that_are_scored_are_the_same_each_time():
    batches = dequantized(0.3)
    first = sorted_rows(batches.scored())
    list(batches.epoch(1))
    np.testing.assert_array_equal(sorted_rows(batches.scored()), first)
    assert (first[:, 0] != np.floor(first[:, 0])).all()


def test_a_whole_number_on_an_open_end_has_its_cell_in_the_support():
    flow = flowspec.parse("event x: (0, 7)\nNormal(learn(0), learn(1)) |> Onto(event)")
    assert len(array_source(flow, [0.0, 3.0, 6.0], dequantize=["x"])) == 3


def test_numbers_too_large_for_a_cell_are_told():
    flow = flowspec.parse(ONE)
    for k, dtype, there in (
        (2**23 - 1, "float32", True),
        (2**23, "float32", False),
        (2**24, "float64", True),
    ):
        precision = getattr(torch, dtype)
        if there:
            array_source(flow, [0, k], dtype=precision, dequantize=["x"])
            continue
        with pytest.raises(
            flowspec.FlowError, match="float32 has no number between 8388608 and 8388609"
        ):
            array_source(flow, [0, k], dtype=precision, dequantize=["x"])


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


# --- loaders, and noise in the place of data ------------------------------------------------------


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
