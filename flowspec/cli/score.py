"""`flowspec score`: the density of each row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.cli import jobs
from flowspec.cli.options import (
    DIRECTORY,
    PROVIDER,
    TABLE_PLACE,
    TablePlace,
    density_column,
    latent_columns,
    or_standard_output,
)
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.data.tables.table import Column, Table
    from flowspec.runtime.bundle import Bundle
    from flowspec.scale.job import Job, Tally

Rows = NDArray[np.floating]
MISSING = "with missing numbers"


@click.command(short_help="Add the log-density of each row to a table.")
@DIRECTORY
@click.option(
    "--data",
    required=True,
    type=TABLE_PLACE,
    help="A table: .csv, .tsv, .parquet, .feather, .jsonl, .npy, or - for CSV on standard input.",
)
@or_standard_output(
    "Where to write it, a file or a folder; else CSV on standard output.", TablePlace
)
@click.option(
    "--latent",
    is_flag=True,
    help="Add the point of the base that each row comes from, in columns z0, z1 and so on.",
)
@click.option(
    "--rank",
    is_flag=True,
    help="Add the share of the rows of the training whose density is lower.",
)
@click.option(
    "--sum-out",
    is_flag=True,
    help="Of rows with missing numbers give the density of the others, and its standard error.",
)
@click.option(
    "--quantiles",
    metavar="5,50,95",
    help="Add these percentiles of each column for the context of each row.",
)
@click.option(
    "--pit", is_flag=True, help="Add the share of samples for its context below each row."
)
@click.option(
    "--draws",
    type=click.IntRange(min=10),
    default=1000,
    show_default=True,
    help="Samples for each row, of which --quantiles and --pit are.",
)
@jobs.OPTIONS
@PROVIDER
def command(
    directory: Path, data: Place, output: Place | None, latent: bool, rank: bool,
    sum_out: bool, quantiles: str | None, pit: bool, draws: int, rows_per_file: int, engine: str,
    workers: int | None, address: str | None, resume: bool, provider: str,
) -> None:  # fmt: skip
    """Score the rows of a table with the bundle in DIRECTORY: the table comes back with a column
    `log_prob` (`log_prob_2`, where it has one of this name).

    Columns are found by name. Rows with missing numbers get nan, rows outside the support -inf.
    A row whose context is outside its support gets nan, and is told.
    An output without an ending is a folder of Parquet files, one for each file of the table, which
    many processes write, and which `--resume` goes on with: tables may be larger than memory.

    Example: flowspec score exported/iris --data examples/data/iris.csv -o scored.csv
    """
    from flowspec.data.tables.csv import csv_text
    from flowspec.data.tables.read import read_table
    from flowspec.data.tables.write import write_table
    from flowspec.runtime.bundle import load
    from flowspec.scale.job import tally_of

    bundle = load(directory, provider)
    if output is not None and jobs.is_folder(output):
        if latent or pit or sum_out or quantiles is not None:
            raise click.UsageError(
                "--latent, --sum-out, --quantiles and --pit are written into files only"
            )
        job = _job(bundle, data, output, provider, rows_per_file, rank)
        tally = jobs.carry_out(job, engine, workers, address, resume)
        if tally.rows:  # none, where all files were there
            of = f"of {amount(tally.rows, 'row')} scored now: " if tally.rows < job.rows else ""
            click.echo(of + _mean(tally), err=True)
        return
    jobs.refuse_without_folder(workers=workers, address=address, resume=resume)
    if rank:
        bundle.rank(())  # a bundle without ranks is told at once
    if not bundle.context and (pit or quantiles is not None):
        raise click.UsageError("--quantiles and --pit are of conditional flows, with a context")
    levels = _levels(quantiles) if quantiles is not None else []
    table = read_table(data)
    scored = _scored(bundle, table, Asked(latent, rank, sum_out, levels, pit, draws))
    names, arrays = (
        [*table.columns, *scored.added],
        [*_cells(table, output), *scored.added.values()],
    )
    for reason in scored.reasons:
        click.echo(f"note: context {reason}: no density", err=True)
    if not output:
        click.echo(csv_text(names, arrays), nl=False)
        return
    write_table(output, names, arrays)
    lacking = "too rare for an estimate, or without any number" if sum_out else MISSING
    words = _mean(tally_of(scored.log_prob, scored.lost), lacking)
    if scored.lacks_numbers and not sum_out:
        words += " (--sum-out gives the density of those that they have)"
    click.echo(f"wrote {amount(table.rows, 'row')} to {output}; {words}", err=True)


@dataclass(frozen=True)
class Asked:
    """What is asked for of each row, as the options of the same names say.

    levels   of --quantiles, from 0 to 1
    """

    latent: bool
    rank: bool
    sum_out: bool
    levels: list[float]
    pit: bool
    draws: int


@dataclass(frozen=True, eq=False)
class Scored:
    """New columns by name, in order, and the log-densities (N,).

    lacks_numbers   whether a row has some of its numbers and lacks others
    lost            (N,) rows whose context is outside its support
    reasons         what is outside, in words
    """

    added: dict[str, Rows]
    log_prob: Rows
    lacks_numbers: bool
    lost: NDArray[np.bool_]
    reasons: tuple[str, ...]


def _scored(bundle: Bundle, table: Table, asked: Asked) -> Scored:
    """What is asked for of the rows of a table."""
    from flowspec.data.tables.whole_numbers import cell_middles
    from flowspec.data.tables.write import free_name
    from flowspec.runtime.table_context import table_context
    from flowspec.scale.scoring import without

    given = table_context(bundle, table)
    context = given.rows
    points = cell_middles(table.numbers(bundle.columns), bundle.columns, bundle.dequantized)
    added: dict[str, Rows] = {}
    if asked.latent:
        z, log_prob = bundle.to_base(points, context)
        columns = z[None] if z.ndim == 1 else z.T
        added |= zip(latent_columns(len(columns), table.columns), columns, strict=True)
    else:
        log_prob = bundle.log_prob(points, context)
    log_prob = without(log_prob, given.outside)
    if context is not None:
        taken = [*table.columns, *added]
        predicted = _predicted(bundle, points, context, asked)
        added |= {free_name(name, taken): column for name, column in predicted.items()}
    density, error = log_prob, None
    if asked.sum_out:
        density, error = _summed_out(bundle, points, context, log_prob)
    added[density_column([*table.columns, *added])] = density
    if error is not None:
        name = free_name("log_prob_error", [*table.columns, *added])
        added[name] = without(error, given.outside)
    if asked.rank:  # among densities of all columns: rows that lack some have none
        added[free_name("rank", [*table.columns, *added])] = bundle.rank(log_prob)
    missing = np.isnan(points)
    lacks_some = missing.any(axis=1) & ~missing.all(axis=1)
    return Scored(added, density, bool(lacks_some.any()), given.outside, given.reasons)


def _summed_out(
    bundle: Bundle, points: Rows, context: Rows | None, log_prob: Rows
) -> tuple[Rows, Rows]:
    """The log-densities, those of rows with missing numbers being of the others, and their standard
    errors: none of complete rows.
    """
    from flowspec.cli.throughput import Throughput
    from flowspec.runtime.incomplete import summed_out

    missing = np.isnan(points).any(axis=1)
    with Throughput(int(missing.sum())) as progress:
        density, error = summed_out(bundle, points, context, told=progress.add)
    exact = np.where(np.isnan(log_prob), np.nan, 0.0)
    return (
        np.where(missing, density, log_prob).astype(log_prob.dtype),
        np.where(missing, error, exact).astype(log_prob.dtype),
    )


def _cells(table: Table, output: Place | None) -> list[Column]:
    """The cells of a table as they go into an output: numbers as such where it has types."""
    from flowspec.data.tables.typed import typed

    if output is None or output.suffix.lower() != ".parquet":
        return [*table.cells]
    return [typed(cells) for cells in table.cells]


def _levels(text: str | None) -> list[float]:
    """Percentiles as levels from 0 to 1."""
    try:
        levels = [float(part) / 100 for part in (text or "").split(",") if part.strip()]
    except ValueError:
        levels = [-1.0]
    if any(not 0 <= level <= 1 for level in levels) or (text is not None and not levels):
        raise click.BadParameter(
            f"{text!r} is no list of percentiles; write `5,50,95`", param_hint="--quantiles"
        )
    return levels


def _predicted(bundle: Bundle, points: Rows, context: Rows, asked: Asked) -> dict[str, Rows]:
    """Columns of quantiles and of probability integral transforms, by name."""
    from flowspec.runtime import predictive

    found: dict[str, Rows] = {}
    if asked.levels:
        values = predictive.quantiles(bundle, context, asked.levels, asked.draws)
        for number, name in enumerate(bundle.columns):
            for place, level in enumerate(asked.levels):
                found[f"{name}_q{100 * level:g}"] = values[:, place, number]
    if asked.pit:
        shares = predictive.transforms(bundle, points, context, asked.draws)
        found |= {f"{name}_pit": each for name, each in zip(bundle.columns, shares.T, strict=True)}
    return found


def _job(
    bundle: Bundle, data: Place, folder: Place, provider: str, rows_per_file: int, rank: bool
) -> Job:
    """The job of a folder.

    Errors:  FlowError, where the table is none of Parquet, or lacks a column.
    """
    from flowspec.data.tables.read import kind_of
    from flowspec.scale.scoring import scoring

    if kind_of(data) != ".parquet":
        raise click.UsageError("a folder is written of a .parquet file, or of a folder of them")
    return scoring(bundle, data, folder, density_column, provider, rows_per_file, rank)


def _mean(tally: Tally, lacking: str = MISSING) -> str:
    """The mean over the rows that have a density, and how many have none.

    lacking   why a density is NaN
    """
    words = [f"mean log_prob {tally.mean:.4f}" if tally.scored else "no log_prob"]
    if tally.outside:
        words.append(f"{tally.outside} outside the support")
    if tally.missing:
        words.append(f"{tally.missing} {lacking}")
    if tally.lost:
        words.append(f"{tally.lost} with a context outside its support")
    return ", ".join(words)
