"""A job: files to write into a folder, each by one task. A task writes the same bytes whoever runs
it, and when; what is there is not written again.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flowspec.data.places import Place, names_in

if TYPE_CHECKING:
    from flowspec.runtime.bundle import Bundle


@dataclass(frozen=True)
class Tally:
    """What the rows of some files amount to.

    scored    rows with a finite log-density, whose sum is `total`
    outside   rows outside the support
    missing   rows with missing numbers
    lost      rows whose context is outside its support
    """

    rows: int = 0
    scored: int = 0
    total: float = 0.0
    outside: int = 0
    missing: int = 0
    lost: int = 0

    @property
    def mean(self) -> float:
        """The mean log-density of the rows that have one."""
        return self.total / self.scored

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.rows + other.rows,
            self.scored + other.scored,
            self.total + other.total,
            self.outside + other.outside,
            self.missing + other.missing,
            self.lost + other.lost,
        )


def tally_of(log_prob: NDArray[Any], lost: NDArray[np.bool_]) -> Tally:
    """What log-densities amount to.

    lost   rows whose context is outside its support, which have none
    """
    finite = np.isfinite(log_prob)
    return Tally(
        rows=len(log_prob),
        scored=int(finite.sum()),
        total=float(log_prob[finite].sum(dtype=np.float64)),
        outside=int(np.isneginf(log_prob).sum()),
        missing=int((np.isnan(log_prob) & ~lost).sum()),
        lost=int(lost.sum()),
    )


class Task(Protocol):
    """One file to write: `name`, in the folder of the job, with so many rows."""

    @property
    def name(self) -> str: ...
    @property
    def rows(self) -> int: ...

    def write(self, bundle: Bundle, path: Place) -> Tally:
        """Write the file, as a whole or not at all."""
        ...


@dataclass(frozen=True)
class Job:
    """Tasks, and what they have in common.

    bundle   the path of the bundle
    folder   where the files go
    about    what decides on the content of the files, for `--resume`
    """

    bundle: Path
    provider: str
    folder: Place
    tasks: tuple[Task, ...]
    about: Mapping[str, Any]

    @property
    def rows(self) -> int:
        return sum(task.rows for task in self.tasks)

    @property
    def left(self) -> tuple[Task, ...]:
        """The tasks whose files are not there."""
        there = {name.as_posix() for name in names_in(self.folder)}
        return tuple(task for task in self.tasks if task.name not in there)

    def run(self, task: Task) -> Tally:
        """Run a task, in whatever process."""
        return task.write(_bundle(self.bundle, self.provider), self.folder / task.name)


@functools.lru_cache(maxsize=2)
def _bundle(path: Path, provider: str) -> Bundle:
    """The bundle of a worker, with one thread: there are as many workers as cores."""
    from flowspec.runtime.bundle import load

    return load(path, provider, threads=1)
