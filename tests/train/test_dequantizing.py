"""Whole numbers are moved into their cells: strictly, evenly, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.feed import shuffled as module
from flowspec.train.feed.batches import Purpose
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import array_source
from numbered_rows import ONE, TWO, numbers

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
        # They are scaled by a power of two.
        assert torch.equal(batch.weights.double() * 2**23, k - WHOLE.min() + 1)
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
