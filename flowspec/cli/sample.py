"""`flowspec sample`: draws from a bundle."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from flowspec.cli.options import DIRECTORY, PROVIDER, density_column, or_standard_output
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

if TYPE_CHECKING:
    from flowspec.runtime.bundle import Bundle


@mistake
class ContextTableMissing(Diagnostic):
    message = "this flow is conditional: it needs a table with {names}"
    help = "write one row for each sample, such as\n{example}"
    names: str
    example: str


@mistake
class RowsAndContext(Diagnostic):
    message = "`-n {rows}` does not go with {context_rows} rows of context"
    help = (
        "leave `-n` out for one sample of each row, or give a table of one row "
        "for {rows} samples of it"
    )
    rows: int
    context_rows: int


def no_context_table(bundle: Bundle, directory: Path) -> ContextTableMissing:
    """That `--context` is missing, with commands that work as they stand."""
    names = bundle.context
    heads = csv_line(names)
    numbers = ",".join(f"{float(support.inner_point):g}" for support in bundle.context_supports)
    quoted = [shlex.quote(part) for part in (f"{heads}\\n{numbers}\\n", str(directory))]
    example = (
        f"    printf {quoted[0]} > context.csv\n"
        f"    flowspec sample {quoted[1]} --context context.csv"
    )
    listed = ", ".join(f"`{name}`" for name in names)
    return ContextTableMissing(names=listed, example=example)


def csv_line(names: Sequence[str]) -> str:
    """Names as the first line of a table."""
    return ",".join(f'"{name}"' if set(name) & set(',"') else name for name in names)


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
@click.option(
    "--per-row",
    type=click.IntRange(1, 1_000_000),
    help="So many samples of each row of the context, with the number of that row before them.",
)
@click.option("--log-prob", is_flag=True, help="Add a column with the log-density.")
@or_standard_output("A .csv, .parquet or .npy file; else CSV on standard output.")
@PROVIDER
def command(
    directory: Path, rows: int | None, seed: int, first_row: int, context: Path | None,
    per_row: int | None, log_prob: bool, output: Path | None, provider: str,
) -> None:  # fmt: skip
    """Draw samples from the bundle in DIRECTORY, as a table whose columns are named by `event`.

    Example: flowspec sample exported/one_liner -n 5 --seed 1
    """
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.whole_numbers import rounded_down
    from flowspec.data.tables.write import free_name, write_table
    from flowspec.diagnostics.inputs import NoContext
    from flowspec.runtime.bundle import load

    bundle = load(directory, provider)
    if context and not bundle.context:
        raise FlowError(NoContext(name="--context"))
    if bundle.context and context is None:
        raise FlowError(no_context_table(bundle, directory))
    rows_of_context = read_table(context).numbers(bundle.context) if context else None
    if per_row is not None:
        if rows_of_context is None or rows is not None:
            raise click.UsageError("`--per-row` goes with `--context`, and without `-n`")
        bundle.rows_of_context(rows_of_context)  # a mistake in it is told by its row
        numbers = np.repeat(np.arange(1, len(rows_of_context) + 1), per_row)
        rows_of_context = np.repeat(rows_of_context, per_row, axis=0)
    if rows is not None and rows_of_context is not None and len(rows_of_context) not in (1, rows):
        raise FlowError(RowsAndContext(rows=rows, context_rows=len(rows_of_context)))
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
    if per_row is not None:
        columns, arrays = [free_name("row", columns), *columns], [numbers, *arrays]
    if output:
        write_table(output, columns, arrays)
        click.echo(f"wrote {len(x)} rows to {output}", err=True)
    else:
        click.echo(csv_text(columns, arrays), nl=False)
