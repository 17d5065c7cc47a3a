"""Progress of rows: a bar on a terminal, elsewhere a line now and then for what takes long."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

import click

from flowspec.diagnostics.quantities import amount, time_in_words

PARTS = 10_000
QUIET = 3.0
"""Seconds of which nothing is said."""

MOST_LINES = 20


class Throughput:
    """The rows that are done of all, how many a second, and the time that is left."""

    def __init__(self, rows: int, done: int = 0) -> None:
        self.rows, self.done, self._before = rows, done, done
        self._start = time.monotonic()
        self._told = 0
        self._bar: Any = click.progressbar(
            length=PARTS,
            label="rows",
            file=sys.stderr,
            show_eta=False,
            item_show_func=lambda _: self.words,
        )
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Throughput:
        if self._is_terminal:
            self._bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_terminal:
            self._bar.__exit__(kind, error, trace)

    def add(self, rows: int) -> None:
        """So many more rows are done."""
        self.done += rows
        if self._is_terminal:
            self._bar.update(PARTS * self.done // max(self.rows, 1) - self._bar.pos)
        elif self.seconds > QUIET and MOST_LINES * self.done // self.rows > self._told:
            self._told = MOST_LINES * self.done // self.rows
            click.echo(self.words, err=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    @property
    def rate(self) -> float:
        """Rows a second."""
        return (self.done - self._before) / max(self.seconds, 1e-9)

    @property
    def words(self) -> str:
        """What is done, how fast, and the time that is left."""
        left = (self.rows - self.done) / self.rate if self.rate else 0
        ending = f", {time_in_words(left)} left" if self.done < self.rows else ""
        return f"{self.done:,} of {amount(self.rows, 'row')}, {self.rate:,.0f} rows/s{ending}"
