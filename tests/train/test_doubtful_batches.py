"""The first batches of a loader are looked at for what a density cannot fit well."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader, IterableDataset, RandomSampler

import flowspec
from doubtful_tables import DOUBTFUL, PLAIN, B, X, beside
from flowspec.ir.settings import Settings
from flowspec.train.feed import loaders
from flowspec.train.feed.opening import batches_of

WHOLE = DOUBTFUL["whole-numbers"].rows


class Rows(IterableDataset):
    """A stream of rows, which torch's loaders put into batches."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows

    def __iter__(self):
        return iter(torch.as_tensor(self.rows))


def told_by(loader) -> list[str]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        batches_of(flowspec.parse(PLAIN), loader, None, None, None, Settings())
    return [str(warning.message) for warning in told]


@pytest.mark.parametrize(
    "loader",
    [DataLoader(torch.as_tensor(WHOLE), batch_size=50, shuffle=True), Rows(WHOLE)],
    ids=["loader", "stream"],
)
def test_what_they_tell_can_be_done_in_the_loader(loader):
    assert told_by(loader) == [
        """\
warning[whole-numbers]: column `b` holds whole numbers only, 9 different ones in 400 rows
 --> the first batches of the loader
  = note: the density of a number that stands alone has no bound, and the loss falls without end
  = help: let the loader add uniform noise from (0, 1) to `b`"""
    ]
    noise = np.random.default_rng(3).random(400)
    assert told_by(Rows(WHOLE + np.stack([0 * noise, noise], axis=1))) == []


def test_repeated_rows_are_told():
    (told,) = told_by(Rows(np.repeat(X[:200], 2, axis=0)))
    assert told.startswith("warning[repeated-rows]: 400 of 400 rows occur more than once")
    assert told.endswith("= help: let the loader give one of each")
    assert told_by(Rows(X)) == []


def test_rows_that_a_loader_draws_again_are_no_repeated_rows():
    again = RandomSampler(X, replacement=True)
    assert told_by(DataLoader(torch.as_tensor(X), batch_size=50, sampler=again)) == []


def test_no_more_is_read_than_is_looked_at(monkeypatch):
    monkeypatch.setattr(loaders, "LOOKED_AT", 400)
    asked = []

    class Endless:
        def __iter__(self):
            while True:
                asked.append(1)
                rng = np.random.default_rng(len(asked))
                yield np.stack([rng.normal(size=50), rng.integers(0, 9, 50)], axis=1)

    (told,) = told_by(Endless())
    assert "in 400 rows" in told
    assert len(asked) == 8


def test_a_column_that_is_lost_to_float32_is_refused():
    rows = Rows(beside(1.7e9 + B).astype(float))
    with pytest.raises(flowspec.FlowError, match="lost-to-rounding"):
        told_by(rows)


def test_batches_that_were_looked_at_are_those_of_the_first_epoch():
    """A loader is gone through once for each epoch, and no more."""
    begun = []

    class Counting(Rows):
        def __iter__(self):
            begun.append(1)
            return super().__iter__()

    flow, settings = flowspec.parse(PLAIN), Settings(batch_size=64)
    batches = batches_of(flow, Counting(X), None, None, None, settings)
    rows = torch.cat([rows.values for rows in batches.epoch(1)])
    np.testing.assert_array_equal(rows, X.astype(np.float32))
    assert len(begun) == 1
    again = torch.cat([rows.values for rows in batches.epoch(1)])
    assert torch.equal(rows, again)
