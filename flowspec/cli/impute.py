"""`flowspec impute`: fills the missing cells of a table with draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.cli.options import DIRECTORY, PROVIDER, TABLE_PLACE, TablePlace, or_standard_output
from flowspec.data.numbers import is_missing
from flowspec.data.tables.typed import is_written_whole
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.data.tables.table import Column, Table
    from flowspec.runtime.bundle import Bundle


@click.command(short_help="Fill the missing cells of a table with draws.")
@DIRECTORY
@click.option(
    "--data",
    required=True,
    type=TABLE_PLACE,
    help="A table: .csv, .tsv, .parquet, .feather, .jsonl, .npy, or - for CSV on standard input.",
)
@or_standard_output("A .csv, .parquet or .npy file; else CSV on standard output.", TablePlace)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Another seed gives other draws."
)
@click.option(
    "--draws",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="So many tables, one below the other, with the number of each in a column `draw`.",
)
@PROVIDER
def command(
    directory: Path, data: Place, output: Place | None, seed: int, draws: int, provider: str
) -> None:
    """Fill the missing cells of a table with draws from the bundle in DIRECTORY, given the cells
    of the row that are there.

    Draws are no best guesses: they vary as the data do, so that a table that is filled several
    times (`--draws`) shows how sure they are. Rows whose other cells are too rare, or whose context
    is missing or outside its support, stay as they are.

    Example: flowspec impute iris_model --data holes.csv -o filled.csv
    """
    from flowspec.cli import jobs
    from flowspec.cli.throughput import Throughput
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.typed import typed
    from flowspec.data.tables.write import free_name, write_table
    from flowspec.runtime import incomplete
    from flowspec.runtime.bundle import load
    from flowspec.runtime.table_context import table_context

    if output is not None and jobs.is_folder(output):
        raise click.BadParameter(f"write a file, such as {output}.csv", param_hint="-o")
    bundle = load(directory, provider)
    table = read_table(data)
    values = table.numbers(bundle.columns)
    context = table_context(bundle, table).rows
    missing = np.isnan(values)
    holes = int(missing.any(axis=1).sum())
    with Throughput(holes) as progress:
        filled = incomplete.filled(
            bundle, values, context, draws=draws, seed=seed, told=progress.add
        )
    parts = [_table(bundle, table, rows, missing) for rows in filled.rows]
    names = [*table.columns]
    arrays = [_joined(cells) for cells in zip(*parts, strict=True)]
    if draws > 1:
        names.insert(0, free_name("draw", names))
        arrays.insert(0, np.repeat(np.arange(1, draws + 1), table.rows))
    if output:
        has_types = output.suffix.lower() == ".parquet"
        write_table(output, names, [typed(cells) if has_types else cells for cells in arrays])
    else:
        click.echo(csv_text(names, arrays), nl=False)
    cells = int((missing & np.isfinite(filled.rows[0])).sum())
    _tell(cells, holes - filled.wanting, draws, filled.wanting, output)


def _table(
    bundle: Bundle, table: Table, filled: NDArray[Any], missing: NDArray[np.bool_]
) -> list[Column]:
    """The cells of a table, by column, with draws where they were missing."""
    cells = dict(zip(table.columns, table.cells, strict=True))
    is_named = {*bundle.columns} <= {*table.columns}
    for i, name in enumerate(bundle.columns):
        column = name if is_named else table.columns[i]
        is_whole = name in bundle.dequantized
        draws = np.floor(filled[:, i]) if is_whole else filled[:, i]
        chosen = missing[:, i] & np.isfinite(draws)
        cells[column] = _with(cells[column], draws.astype(bundle.dtype), chosen, is_whole)
    return list(cells.values())


def _joined(parts: Sequence[Column]) -> Column:
    """Columns one below the other."""
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return [cell for part in parts for cell in part]


def _with(cells: Column, draws: NDArray[Any], chosen: NDArray[np.bool_], is_whole: bool) -> Column:
    """The cells of a column, with draws where they are chosen. One of whole numbers stays so, or
    is of real ones all through.

    is_whole   whether the draws are
    """
    if not chosen.any():
        return cells
    if isinstance(cells, np.ndarray):
        return np.where(chosen, draws, cells)
    is_text = any(isinstance(cell, str) for cell in cells)
    known = [cell for cell in cells if not is_missing(cell)]
    was_whole = all(map(is_written_whole, known))
    is_whole = is_whole and was_whole
    filled = list(map(_as_real, cells)) if was_whole and not is_whole else list(cells)
    for row in np.flatnonzero(chosen).tolist():
        text = str(int(draws[row])) if is_whole else str(draws[row])
        filled[row] = text if is_text else int(text) if is_whole else float(text)
    return filled


def _as_real(cell: Any) -> Any:
    """A cell of a column of real numbers: 1.0 for 1."""
    if is_missing(cell) or not is_written_whole(cell):
        return cell
    return f"{cell.strip()}.0" if isinstance(cell, str) else float(cell)


def _tell(cells: int, rows: int, draws: int, wanting: int, output: Place | None) -> None:
    words = f"filled {amount(cells, 'cell')} of {amount(rows, 'row')}"
    if draws > 1:
        words += f", {draws} times"
    if output:
        words += f", wrote {output}"
    if wanting:
        stay = "1 row stays as it is" if wanting == 1 else f"{wanting:,} rows stay as they are"
        words += f"; {stay}: too rare, or without a context that the flow takes"
    click.echo(words, err=True)
