"""`flowspec impute`: fills the missing cells of a table with draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.cli.options import DIRECTORY, PROVIDER, TABLE_PLACE, TablePlace, or_standard_output

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.data.tables.table import Column
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
@PROVIDER
def command(directory: Path, data: Place, output: Place | None, seed: int, provider: str) -> None:
    """Fill the missing cells of a table with draws from the bundle in DIRECTORY, given the cells
    of the row that are there.

    Draws are no best guesses: they vary as the data do, so that a table that is filled several
    times, with other seeds, shows how sure they are. Rows whose other cells are too rare, or whose
    context is missing, stay as they are.

    Example: flowspec impute iris_model --data holes.csv -o filled.csv
    """
    from flowspec.cli import jobs
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.typed import typed
    from flowspec.data.tables.write import write_table
    from flowspec.runtime.bundle import load

    if output is not None and jobs.is_folder(output):
        raise click.BadParameter(f"write a file, such as {output}.csv", param_hint="-o")
    bundle = load(directory, provider)
    table = read_table(data)
    values = table.numbers(bundle.columns)
    context = table.numbers(bundle.context) if bundle.context else None
    filled, wanting = _filled(bundle, values, context, seed)
    drawn = np.isfinite(filled) & np.isnan(values)
    cells = dict(zip(table.columns, table.cells, strict=True))
    is_named = {*bundle.columns} <= {*table.columns}
    for i, name in enumerate(bundle.columns):
        column = name if is_named else table.columns[i]
        draws = np.floor(filled[:, i]) if name in bundle.dequantized else filled[:, i]
        is_whole = name in bundle.dequantized
        cells[column] = _with(cells[column], draws.astype(bundle.dtype), drawn[:, i], is_whole)
    names, arrays = list(cells), list(cells.values())
    if output:
        has_types = output.suffix.lower() == ".parquet"
        write_table(output, names, [typed(cells) if has_types else cells for cells in arrays])
    else:
        click.echo(csv_text(names, arrays), nl=False)
    _tell(int(drawn.sum()), int(drawn.any(axis=1).sum()), wanting, output)


def _filled(
    bundle: Bundle, values: NDArray[Any], context: NDArray[Any] | None, seed: int
) -> tuple[NDArray[Any], int]:
    """The values (N, D) with draws in place of NaN, and how many rows could not be filled."""
    from flowspec.diagnostics.diagnostic import FlowError
    from flowspec.runtime.conditioned import Conditioned, TooRare

    filled, wanting = values.copy(), 0
    flows: dict[bytes, Conditioned] = {}
    for row in np.flatnonzero(np.isnan(values).any(axis=1)).tolist():
        given = None if context is None else context[row]
        if given is not None and not np.isfinite(given).all():
            wanting += 1
            continue
        key = b"" if given is None else given.tobytes()
        if key not in flows:
            flows = {key: Conditioned(bundle, seed, given)}
        try:
            drawn = flows[key].draw(values[row], 1, stream=row)
        except FlowError as error:
            if not isinstance(error.diagnostics[0], TooRare):
                raise
            wanting += 1
            continue
        filled[row] = np.where(np.isnan(values[row]), drawn.rows[0], values[row])
    return filled, wanting


def _with(cells: Column, draws: NDArray[Any], chosen: NDArray[np.bool_], is_whole: bool) -> Column:
    """The cells of a column, with draws where they are chosen."""
    if not chosen.any():
        return cells
    if isinstance(cells, np.ndarray):
        return np.where(chosen, draws, cells)
    is_text = any(isinstance(cell, str) for cell in cells)
    filled = list(cells)
    for row in np.flatnonzero(chosen).tolist():
        text = str(int(draws[row])) if is_whole else str(draws[row])
        filled[row] = text if is_text else int(text) if is_whole else float(text)
    return filled


def _tell(cells: int, rows: int, wanting: int, output: Place | None) -> None:
    words = f"filled {cells:,} cells of {rows:,} rows"
    if output:
        words += f", wrote {output}"
    if wanting:
        stay = "1 row stays as it is" if wanting == 1 else f"{wanting:,} rows stay as they are"
        words += f"; {stay}: too rare, or without context"
    click.echo(words, err=True)
