"""`flowspec sample`: draws from a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY, PROVIDER, density_column
from flowspec.diagnostics.diagnostic import FlowError


@click.command(short_help="Draw samples from a bundle.")
@DIRECTORY
@click.option(
    "-n",
    "--rows",
    type=click.IntRange(min=0),
    default=None,
    help="How many rows; 1 per row of the context.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed gives the same samples."
)
@click.option(
    "--first-row", type=int, default=0, show_default=True, help="Start of this piece of the stream."
)
@click.option(
    "--context",
    type=click.Path(path_type=Path),
    help="Table with the context, for a conditional flow.",
)
@click.option("--log-prob", is_flag=True, help="Add a column with the log-density.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A .csv, .parquet or .npy file; else CSV on standard output.",
)
@PROVIDER
def command(
    directory: Path, rows: int | None, seed: int, first_row: int, context: Path | None,
    log_prob: bool, output: Path | None, provider: str,
) -> None:  # fmt: skip
    """Draw samples from the bundle in DIRECTORY, as a table whose columns are named by `event`.

    Example: flowspec sample exported/one_liner -n 5 --seed 1
    """
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.whole_numbers import rounded_down
    from flowspec.data.tables.write import write_table
    from flowspec.diagnostics.inputs import NoContext
    from flowspec.runtime.bundle import load

    bundle = load(directory, provider)
    if context and not bundle.context:
        raise FlowError(NoContext(name="--context"))
    rows_of_context = read_table(context).numbers(bundle.context) if context else None
    x, density = bundle.sample(
        10 if rows is None and rows_of_context is None else rows,
        seed,
        rows_of_context,
        first_row,
        with_log_prob=True,
    )
    x = rounded_down(x, bundle.columns, bundle.dequantized)
    columns = [*bundle.columns, *([density_column(bundle.columns)] if log_prob else [])]
    arrays = [x] if x.ndim == 1 else list(x.T)
    arrays += [density] if log_prob else []
    if output:
        write_table(output, columns, arrays)
        click.echo(f"wrote {len(x)} rows to {output}", err=True)
    else:
        click.echo(csv_text(columns, arrays), nl=False)
