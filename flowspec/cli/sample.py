"""`flowspec sample`: draws from a bundle."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.cli import conditions, jobs
from flowspec.cli.options import (
    DIRECTORY,
    PROVIDER,
    TABLE_PLACE,
    TablePlace,
    density_column,
    or_standard_output,
)
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import ContextOutside, WrongInput
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.runtime.bundle import Bundle
    from flowspec.scale.job import Job

MANY = 1_000_000
"""Rows of which it is told how much space they take."""

ROWS_AT_ONCE = 65_536


@mistake
class ContextTableMissing(Diagnostic):
    message = "this flow is conditional: it needs a table with {names}"
    help = "write one row for each sample, such as\n{example}"
    names: str
    example: str


@mistake
class RowsAndContext(Diagnostic):
    message = "`-n {rows}` does not go with {context_rows:row} of context"
    help = (
        "leave `-n` out for one sample of each row, or give a table of one row "
        "for {rows} samples of it"
    )
    rows: int
    context_rows: int


@mistake
class NoContextLeft(WrongInput):
    message = "all rows are not finite or outside the support"
    help = "look at what the columns of the context were declared for: `flowspec show DIRECTORY`"


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
    type=TABLE_PLACE,
    help="Table with the context, for a conditional flow.",
)
@click.option(
    "--per-row",
    type=click.IntRange(1, 1_000_000),
    help="So many samples of each row of the context, with the number of that row before them.",
)
@click.option(
    "--drop-bad-rows",
    is_flag=True,
    help="Leave out rows of the context that are not finite or outside the support.",
)
@conditions.OPTION
@click.option("--log-prob", is_flag=True, help="Add a column with the log-density.")
@or_standard_output(
    "A .csv, .parquet or .npy file, or a folder; else CSV on standard output.", TablePlace
)
@jobs.OPTIONS
@PROVIDER
def command(
    directory: Path, rows: int | None, seed: int, first_row: int, context: Place | None,
    per_row: int | None, drop_bad_rows: bool, given: tuple[str, ...], log_prob: bool,
    output: Place | None, rows_per_file: int, engine: str, workers: int | None,
    address: str | None, resume: bool, provider: str,
) -> None:  # fmt: skip
    """Draw samples from the bundle in DIRECTORY, as a table whose columns are named by `event`.

    An output without an ending is a folder of Parquet files, which many processes write, and which
    `--resume` goes on with. Memory does not grow with the number of rows.

    With `--given` the columns that are named keep their values, and the others are drawn for them:
    exactly, where the order of the flow allows it, else as the best of many candidates by weight,
    with the effective sample size told.

    Example: flowspec sample exported/one_liner -n 5 --seed 1
    """
    from flowspec.diagnostics.inputs import NoContext
    from flowspec.runtime.bundle import load

    bundle = load(directory, provider)
    if context and not bundle.context:
        raise FlowError(NoContext(name="--context"))
    if bundle.context and context is None:
        raise FlowError(no_context_table(bundle, directory))
    if drop_bad_rows and context is None:
        raise click.UsageError("`--drop-bad-rows` goes with `--context`")
    contexts = _contexts(bundle, context, drop_bad_rows)
    drawn = _asked(bundle, rows, seed, first_row, contexts, per_row, log_prob)
    if given:
        jobs.refuse_without_folder(workers=workers, address=address, resume=resume)
        _write_given(bundle, drawn, given, output)
        return
    if output is not None and jobs.is_folder(output):
        job = _job(bundle, drawn, output, provider, rows_per_file, resume)
        jobs.carry_out(job, engine, workers, address, resume)
        return
    jobs.refuse_without_folder(workers=workers, address=address, resume=resume)
    _write(bundle, drawn, output)


@dataclass(frozen=True, eq=False)
class Contexts:
    """Rows (N, C) of a context, and the number of each in its table, from 1."""

    rows: NDArray[Any]
    numbers: NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Asked:
    """The rows that are asked for. Of each row of the context `per_row` are drawn, where this is
    given.

    density   the name of the column for the log-density, or None
    numbers   of the rows of the context in their table, or None
    """

    rows: int
    seed: int
    first_row: int
    context: NDArray[Any] | None
    per_row: int | None
    density: str | None
    numbers: NDArray[np.integer] | None = None


def _contexts(bundle: Bundle, place: Place | None, drop: bool) -> Contexts | None:
    """The rows of a table of contexts.

    drop     leaves out those that are not finite or outside the support
    Errors:  FlowError, where the context does not fit.
    """
    from flowspec.data.tables.read import read_table
    from flowspec.runtime.table_context import outside_of

    if place is None:
        return None
    rows = read_table(place).numbers(bundle.context)
    kept = np.ones(len(rows), bool)
    if drop:
        kept = np.isfinite(rows).all(axis=1) & ~outside_of(bundle, rows)
        _say_dropped(len(rows), int(kept.sum()), place)
    try:
        bundle.rows_of_context(rows[kept])  # a mistake in it is told by its row
    except FlowError as error:
        raise FlowError(list(map(_with_way, error.diagnostics))) from None
    return Contexts(rows[kept], np.flatnonzero(kept) + 1)


def _say_dropped(rows: int, kept: int, place: Place) -> None:
    """Tell how many rows of a context are left out.

    Errors:  FlowError, where none is left.
    """
    if rows and not kept:
        raise FlowError(NoContextLeft(where=place.name))
    of = f"{rows - kept} of {amount(rows, 'row')} of the context"
    click.echo(f"dropped {of} that are not finite or outside the support", err=True)


def _with_way(told: Diagnostic) -> Diagnostic:
    """A mistake in a context, with the option that leaves such rows out."""
    if isinstance(told, ContextOutside):
        return told.replaced(leave="leave such rows out by `--drop-bad-rows`")
    return told


def _asked(
    bundle: Bundle, rows: int | None, seed: int, first_row: int, contexts: Contexts | None,
    per_row: int | None, log_prob: bool,
) -> Asked:  # fmt: skip
    """What the options ask for.

    Errors:  FlowError, where the rows of the context do not fit to their number.
    """
    given = 1 if contexts is None else len(contexts.rows)
    if per_row is not None:
        if contexts is None or rows is not None:
            raise click.UsageError("`--per-row` goes with `--context`, and without `-n`")
        rows = given * per_row
    elif rows is not None and contexts is not None and given not in (1, rows):
        raise FlowError(RowsAndContext(rows=rows, context_rows=given))
    elif rows is None:
        rows = 10 if contexts is None else given
    density = density_column(bundle.columns) if log_prob else None
    if contexts is None:
        return Asked(rows, seed, first_row, None, per_row, density)
    return Asked(rows, seed, first_row, contexts.rows, per_row, density, contexts.numbers)


def _write_given(
    bundle: Bundle, asked: Asked, texts: tuple[str, ...], output: Place | None
) -> None:
    """Write rows in which some columns have the values that are given."""
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.write import write_table
    from flowspec.runtime.conditioned import Conditioned
    from flowspec.scale.sampling import columns_of

    _refuse_with_given(asked, output)
    known = conditions.values_of(texts, bundle.columns, bundle.dequantized)
    row = None if asked.context is None else asked.context[0]
    drawn = Conditioned(bundle, asked.seed, row).draw(known, asked.rows)
    x = drawn.rows.astype(bundle.dtype)
    points = x[:, 0] if bundle.description.scalar else x
    contexts = None if row is None else np.repeat(row[None], len(x), axis=0)
    density = bundle.log_prob(points, contexts) if asked.density else None
    columns = columns_of(bundle, x, density, are_all_known=True)
    if output:
        write_table(output, _names(bundle, asked), columns)
    else:
        click.echo(csv_text(_names(bundle, asked), columns), nl=False)
    words = "drawn exactly, as the order of the flow allows"
    if drawn.effective is not None:
        words = f"effective sample size {drawn.effective:,.0f} of {drawn.candidates:,} candidates"
    click.echo(f"note: {words}", err=True)


def _refuse_with_given(asked: Asked, output: Place | None) -> None:
    if output is not None and jobs.is_folder(output):
        raise click.UsageError("`--given` writes a file, or standard output, no folder")
    if asked.context is not None and len(asked.context) != 1:
        raise click.UsageError("`--given` goes with one row of context")
    if asked.first_row:
        raise click.UsageError("`--given` has no `--first-row`: its rows are drawn together")


def _names(bundle: Bundle, asked: Asked) -> list[str]:
    """The columns that are written."""
    from flowspec.data.tables.write import free_name

    names = [*bundle.columns, *([asked.density] if asked.density else [])]
    return names if asked.per_row is None else [free_name("row", names), *names]


def _pieces(bundle: Bundle, asked: Asked) -> Iterator[list[NDArray[Any]]]:
    """The rows as columns, some thousand at once."""
    from flowspec.scale.sampling import columns_of

    start = 0
    are_all_known = asked.context is None or bool(np.isfinite(asked.context).all())
    for x, density in _drawn(bundle, asked):
        columns = columns_of(bundle, x, density if asked.density else None, are_all_known)
        if asked.per_row is not None and asked.numbers is not None:
            of_table = asked.numbers[np.arange(start, start + len(x)) // asked.per_row]
            columns.insert(0, of_table)
        yield columns
        start += len(x)


def _drawn(bundle: Bundle, asked: Asked) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Points and log-densities, some thousand at once."""
    if asked.per_row is None or asked.context is None:
        yield from bundle.sample_pieces(asked.rows, asked.seed, asked.context, asked.first_row)
        return
    at_once = max(1, ROWS_AT_ONCE // asked.per_row)
    for start in range(0, len(asked.context), at_once):
        context = np.repeat(asked.context[start : start + at_once], asked.per_row, axis=0)
        first_row = asked.first_row + start * asked.per_row
        yield from bundle.sample_pieces(len(context), asked.seed, context, first_row)


def _write(bundle: Bundle, asked: Asked, output: Place | None) -> None:
    """Write the rows into a file, or on standard output."""
    from flowspec.cli.throughput import Throughput
    from flowspec.data.tables.csv import csv_lines, csv_rows
    from flowspec.data.tables.write import table_file

    names = _names(bundle, asked)
    if output is None:
        pieces = _pieces(bundle, asked)
        first = next(pieces)  # a mistake leaves nothing on standard output
        click.echo(csv_lines([names]), nl=False)
        for columns in itertools.chain([first], pieces):
            click.echo(csv_rows(columns), nl=False)
        return
    _refuse_too_large(bundle, asked, output, output)
    with table_file(output, names, asked.rows) as write, Throughput(asked.rows) as progress:
        for columns in _pieces(bundle, asked):
            write(columns)
            progress.add(len(columns[0]))
    click.echo(f"wrote {amount(asked.rows, 'row')} to {output}", err=True)


def _job(
    bundle: Bundle, asked: Asked, folder: Place, provider: str, rows_per_file: int, resume: bool
) -> Job:
    """The job of a folder.

    Errors:  FlowError, where the space lacks.
    """
    from flowspec.scale.sampling import Draw, sampling

    if asked.per_row is not None or (asked.context is not None and len(asked.context) > 1):
        raise click.UsageError(
            "a folder takes one row of context: write a file, or a folder for each row"
        )
    context = None if asked.context is None else tuple(map(float, asked.context[0]))
    draw = Draw("", asked.rows, asked.first_row, asked.seed, asked.density, context)
    if not resume:
        _refuse_too_large(bundle, asked, folder, Path("a.parquet"))
    return sampling(bundle, folder, draw, provider, rows_per_file)


def _refuse_too_large(bundle: Bundle, asked: Asked, place: Place, kind: Place) -> None:
    """Tell the space that many rows will take.

    Errors:  FlowError, where it lacks.
    """
    from flowspec.diagnostics.quantities import size_in_words
    from flowspec.scale.space import bytes_of_rows, free_bytes, refuse_too_large

    if asked.rows < MANY:
        return
    columns = next(_pieces(bundle, asked))
    needed = bytes_of_rows(kind, _names(bundle, asked), columns, asked.rows)
    sizes = f"about {size_in_words(needed)}"
    if isinstance(place, Path):  # how much a store takes is not known
        refuse_too_large(place, asked.rows, needed)
        sizes += f"; {size_in_words(free_bytes(place))} are free"
    click.echo(
        f"{amount(asked.rows, 'row')} of {amount(len(columns), 'column')} take {sizes}", err=True
    )
