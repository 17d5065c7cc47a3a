"""Tables of Parquet files, scored into a folder of such files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.pieces import parquet_folder
from flowspec.data.places import Place, is_folder, name_in, place_of
from flowspec.data.tables.parquet import from_arrow, opened_parquet
from flowspec.data.tables.table import Table
from flowspec.data.tables.whole_numbers import cell_middles
from flowspec.data.tables.write import free_name, table_file
from flowspec.runtime.table_context import table_context
from flowspec.scale.job import Job, Tally, tally_of

if TYPE_CHECKING:
    from flowspec.runtime.bundle import Bundle

ROWS_OF_A_TASK = 1_000_000
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class Score:
    """Row groups of a file, with a column for their log-density.

    source    the file
    groups    the first of its row groups, and the one behind the last
    columns   of the table
    density   the name of the new column
    rank      the name of a column for the rank of the density, or None
    """

    name: str
    rows: int
    source: str
    groups: tuple[int, int]
    columns: tuple[str, ...]
    density: str
    rank: str | None = None

    @property
    def added(self) -> list[str]:
        """The names of the new columns."""
        return [self.density, *([self.rank] if self.rank else [])]

    def write(self, bundle: Bundle, path: Place) -> Tally:
        """Write the file, as a whole or not at all."""
        tally = Tally()
        with (
            opened_parquet(place_of(self.source)) as file,
            table_file(path, [*self.columns, *self.added], self.rows) as write,
        ):
            batches = file.iter_batches(ROWS_AT_ONCE, range(*self.groups), list(self.columns))
            for found in batches:
                batch = found.select(list(self.columns))  # a file may have another order
                log_prob, lost = densities(bundle, from_arrow(self.source, _table(batch)))
                ranks = [bundle.rank(log_prob)] if self.rank else []
                write([*batch.columns, log_prob, *ranks])
                tally += tally_of(log_prob, lost)
        return tally


def densities(bundle: Bundle, table: Table) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The log-densities (rows,) of a table, whole numbers being the middles of their cells, and the
    rows whose context is outside its support: they have none.
    """
    given = table_context(bundle, table)
    points = cell_middles(table.numbers(bundle.columns), bundle.columns, bundle.dequantized)
    return without(bundle.log_prob(points, given.rows), given.outside), given.outside


def without(log_prob: NDArray[Any], lost: NDArray[np.bool_]) -> NDArray[Any]:
    """Log-densities that are NaN in the rows that are lost."""
    return np.where(lost, log_prob.dtype.type(np.nan), log_prob)


def scoring(
    bundle: Bundle,
    data: Place,
    folder: Place,
    density: Callable[[Sequence[str]], str],
    provider: str,
    rows: int,
    rank: bool = False,
) -> Job:
    """The job that scores a Parquet file, or a folder of them.

    density  names the new column, beside those that there are
    rows     of a task, at least, where a file has as many: a file of more becomes several
    rank     adds a column for the rank of the density
    Errors:  FlowError, where there is no such table, it lacks a column of the flow, a file has
             other columns than the first, or the bundle knows no ranks.
    """
    table = parquet_folder(data)
    empty = tuple(np.empty(0) for _ in table.columns)
    Table(data.name, table.columns, empty).numbers([*bundle.columns, *bundle.context])
    name = density(table.columns)
    beside = _rank_column(bundle, [*table.columns, name]) if rank else None
    tasks = tuple(
        task
        for file, sizes in zip(table.files, table.sizes, strict=True)
        for task in _tasks(data, file, sizes, table.columns, name, rows, beside)
    )
    about = {
        "bundle": bundle.about.get("digest"),
        "table": [dataclasses.asdict(task) for task in tasks],
    }
    return Job(bundle.path.resolve(), provider, folder, tasks, about)


def _rank_column(bundle: Bundle, taken: Sequence[str]) -> str:
    bundle.rank(())  # a bundle without ranks is told before anything is written
    return free_name("rank", taken)


def _tasks(
    data: Place, path: Place, sizes: Sequence[int], columns: tuple[str, ...], density: str,
    rows: int, rank: str | None,
) -> Iterator[Score]:  # fmt: skip
    """The tasks of a file."""
    name_in_table = name_in(data, path) if is_folder(data) else PurePath(path.name)
    stem = name_in_table.with_suffix("")
    parts = list(_parts(sizes, rows)) or [(0, 0)]
    for number, (first, last) in enumerate(parts):
        ending = f"-{number:0{len(str(len(parts) - 1))}}" if len(parts) > 1 else ""
        size = sum(sizes[first:last])
        source = str(path.resolve())
        name, groups = f"{stem.as_posix()}{ending}.parquet", (first, last)
        yield Score(name, size, source, groups, columns, density, rank)


def _parts(sizes: Sequence[int], rows: int) -> Iterator[tuple[int, int]]:
    """Row groups one after the other, until they have so many rows."""
    first, size = 0, 0
    for number, each in enumerate(sizes):
        size += each
        if size >= rows or number == len(sizes) - 1:
            yield first, number + 1
            first, size = number + 1, 0


def _table(batch: Any) -> Any:
    import pyarrow

    return pyarrow.Table.from_batches([batch])
