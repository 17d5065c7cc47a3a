"""`flowspec score`: the density of each row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from flowspec.cli.options import DIRECTORY, PROVIDER, density_column


@click.command(short_help="Add the log-density of each row to a table.")
@DIRECTORY
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="A .csv, .parquet or .npy table."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write it; else CSV on standard output.",
)
@PROVIDER
def command(directory: Path, data: Path, output: Path | None, provider: str) -> None:
    """Score the rows of a table with the bundle in DIRECTORY: the table comes back with a column
    `log_prob` (`log_prob_2`, where it has one of this name).

    Columns are found by name. Rows with missing numbers get nan, rows outside the support -inf.

    Example: flowspec score exported/iris --data examples/data/iris.csv -o scored.csv
    """
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.whole_numbers import cell_middles
    from flowspec.data.tables.write import write_table
    from flowspec.runtime.bundle import load

    bundle, table = load(directory, provider), read_table(data)
    context = table.numbers(bundle.context) if bundle.context else None
    log_prob = bundle.log_prob(
        cell_middles(table.numbers(bundle.columns), bundle.columns, bundle.dequantized), context
    )
    columns = [*table.columns, density_column(table.columns)]
    arrays: list[Sequence[Any] | np.ndarray] = [*table.cells, log_prob]
    if output:
        write_table(output, columns, arrays)
        click.echo(
            f"wrote {table.rows} rows to {output}; mean log_prob {log_prob.mean():.4f}", err=True
        )
    else:
        click.echo(csv_text(columns, arrays), nl=False)
