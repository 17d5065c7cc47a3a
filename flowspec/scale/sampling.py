"""Long samples as a folder of Parquet files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.places import Place
from flowspec.data.tables.whole_numbers import as_integers, rounded_down
from flowspec.data.tables.write import table_file
from flowspec.scale.job import Job, Tally

if TYPE_CHECKING:
    from flowspec.runtime.bundle import Bundle

ROWS_OF_A_FILE = 1_000_000


@dataclass(frozen=True)
class Draw:
    """A file of rows of a sample, `first_row` of the stream of `seed` being its first.

    density   the name of a column for the log-density, or None
    context   one row for all of them, or None
    """

    name: str
    rows: int
    first_row: int
    seed: int
    density: str | None
    context: tuple[float, ...] | None

    def write(self, bundle: Bundle, path: Place) -> Tally:
        """Write the file, as a whole or not at all."""
        names = [*bundle.columns, *([self.density] if self.density else [])]
        given = None if self.context is None else np.array([self.context])
        are_all_known = given is None or bool(np.isfinite(given).all())
        pieces = bundle.sample_pieces(self.rows, self.seed, given, self.first_row)
        with table_file(path, names, self.rows) as write:
            for x, log_prob in pieces:
                write(columns_of(bundle, x, log_prob if self.density else None, are_all_known))
        return Tally(self.rows)


def columns_of(
    bundle: Bundle, x: NDArray[Any], log_prob: NDArray[Any] | None, are_all_known: bool
) -> list[NDArray[Any]]:
    """Samples as columns, whole numbers as integers, and their log-densities.

    are_all_known   False where the context of some sample is missing: integers have no NaN
    """
    values = rounded_down(x, bundle.columns, bundle.dequantized)
    columns = [values] if values.ndim == 1 else list(values.T)
    if are_all_known:
        columns = as_integers(columns, bundle.columns, bundle.dequantized)
    return columns if log_prob is None else [*columns, log_prob]


def sampling(bundle: Bundle, folder: Place, draw: Draw, provider: str, rows: int) -> Job:
    """The job of a long sample, `draw` being all of it.

    rows   of a file
    """
    files = range(0, max(draw.rows, 1), rows)
    digits = len(str(max(draw.rows, 1) - 1))
    tasks = tuple(
        dataclasses.replace(
            draw,
            name=f"rows-{start:0{digits}}.parquet",
            rows=min(rows, draw.rows - start),
            first_row=draw.first_row + start,
        )
        for start in files
    )
    about = {
        "bundle": bundle.about.get("digest"),
        "number of rows": draw.rows,
        "number of rows of a file": rows,
        "seed": draw.seed,
        "first row": draw.first_row,
        "context": draw.context,
        "column of densities": draw.density,
    }
    return Job(bundle.path.resolve(), provider, folder, tasks, about)
