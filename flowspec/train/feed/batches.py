"""The protocol of the batches of a training.

They are the same for the same seed, wherever the training was interrupted and however many
processes share them.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.settings import Settings
from flowspec.parts.values import philox_key
from flowspec.train.feed.rows import Rows

SCORED = 8192
"""Rows that are scored at a time."""


@mistake
class NoFolds(WrongInput):
    message = "a loader has no rows that can be held out in folds: it is read anew in every epoch"
    help = "give an array, a table or a dataset"


@dataclass(frozen=True)
class Fold:
    """One of several parts of the rows, which is held out.

    index   from 0 to `count`
    seed    of the order that is cut in parts: the same for all of them
    """

    index: int
    count: int
    seed: int


class Purpose(IntEnum):
    """Purposes of random numbers. The numbers belong to the seed: they stay as they are."""

    SPLIT = 0
    PIECES = 1
    ROWS = 2
    CELLS = 3
    NOISE = 4
    PICTURE = 5


def random(seed: int, epoch: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Random numbers for one purpose in one piece of an epoch: they depend on nothing else."""
    counter = [0, 0, index, int(purpose)]
    return np.random.Generator(np.random.Philox(key=philox_key(seed, epoch), counter=counter))


class Batches(ABC):
    """The rows of a training, batch by batch.

    steps        batches of an epoch; None, if that is not known before
    rows         rows that are trained on, and rows that are held out; None, if that is not known
    fingerprint  tells other data
    """

    steps: int | None
    rows: tuple[int | None, int]
    fingerprint: str
    settings: Settings

    def reseeded(self, settings: Settings) -> Batches:
        """The batches of the same data for other settings."""
        other = copy.copy(self)
        other.settings = settings
        return other

    def of_fold(self, settings: Settings, fold: Fold) -> Batches:
        """The batches of the same data, with a fold held out.

        Errors:  FlowError, where the rows are not the same in every epoch.
        """
        raise FlowError(NoFolds())

    @abstractmethod
    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        """The batches of an epoch from number `first` on."""

    @abstractmethod
    def scored(self) -> Iterator[Rows]:
        """The rows whose loss decides which weights are best.

        None, where the loss of the training itself decides.
        """

    @abstractmethod
    def measured(self) -> Rows | None:
        """Rows from which data-dependent starts are measured."""

    @property
    def has_table_held_out(self) -> bool:
        """True where the rows held out are no share of the data, but a table of their own."""
        return False

    def known(self, count: int) -> np.ndarray:
        """Some rows (N, D) that a density may be fitted to at once."""
        rows = self.measured()
        assert rows is not None
        return np.asarray(rows.values[:count].double().numpy())

    def shown(self, count: int) -> Rows | None:
        """Some rows for pictures."""
        return None

    def trained(self, count: int) -> Rows | None:
        """Some rows that were trained on, as they stand in the data; None where each epoch has
        others.
        """
        return None

    def judged(self, count: int) -> Rows | None:
        """Some rows that were not trained on, where there are any."""
        return None


def chunks(rows: Rows) -> Iterator[Rows]:
    """Rows in pieces that are scored at a time."""
    return (rows[start : start + SCORED] for start in range(0, len(rows), SCORED))
