"""`flowspec plot`: pictures of a bundle, beside data if there is any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.cli.options import DIRECTORY, TABLE_PLACE, writable
from flowspec.data.rows import values_outside
from flowspec.diagnostics.diagnostic import FlowError, suggest
from flowspec.diagnostics.quantities import amount
from flowspec.plots.mistakes import (
    ConstantVariable,
    ContextOutsideInTable,
    DataNeeded,
    NoFiniteRow,
    NoSuchVariable,
    NotConditional,
    NothingVaries,
    SeveralVariables,
)

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.data.tables.table import Table
    from flowspec.plots.bundle import Shown
    from flowspec.runtime.bundle import Bundle

COUNTS = {"samples": 5000, "calibration": 2000, "conditional": 2000}
"""The kinds of pictures, and the samples or rows that each shows by default."""

DRAWS = 200
"""Samples for each row, from which its level is counted."""

GRID = 60, 4000
"""Contexts at which quantiles are drawn, and samples for each of them."""


@click.command(short_help="Draw a bundle's samples, density or calibration.")
@DIRECTORY
@click.option(
    "--data",
    type=TABLE_PLACE,
    help="A table to draw beside the samples: .csv, .tsv, .parquet, .feather, .jsonl or .npy.",
)
@click.option(
    "--kind",
    type=click.Choice(list(COUNTS)),
    default="samples",
    show_default=True,
    help="What to draw.",
)
@click.option(
    "--context",
    "name",
    help="With --kind conditional: the variable that varies; the others stay at their medians.",
)
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 1_000_000),
    help="Samples to draw [5000]; of the other kinds, rows to use [2000].",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=writable,
    help="The picture; DIRECTORY.png, if not given.",
)
def command(
    directory: Path,
    data: Place | None,
    kind: str,
    name: str | None,
    count: int | None,
    seed: int,
    output: Path | None,
) -> None:
    """Draw the samples of the bundle in DIRECTORY: a histogram of each coordinate, each pair where
    these are few, and the density of one or two coordinates. A conditional bundle is drawn at the
    contexts of the data, which it needs.

    Of a conditional bundle and data there are two more kinds of pictures. `calibration` tells how
    often the data lie below each quantile that the flow gives for their contexts: on the diagonal,
    and within the band, where the flow is right. Above the diagonal its quantiles are too high; a
    curve that is flat in the middle means that it is too sure. Take data that it was not trained
    on. `conditional` draws the data against one variable of the context, with the flow's quantiles.

    Example: flowspec plot iris_model --data examples/data/iris.csv -o iris.png
    """
    from flowspec.data.files import write_file
    from flowspec.data.tables.read import read_table
    from flowspec.plots import bundle as pictures
    from flowspec.runtime.bundle import load

    bundle, table = load(directory), read_table(data) if data else None
    _check(bundle, kind, name, table)
    shown = _shown(bundle, table, kind)
    count = count or COUNTS[kind]
    if kind == "samples":
        png = pictures.samples(bundle, shown, count, seed)
    elif kind == "calibration":
        png = pictures.calibration(bundle, shown.some(count, seed), DRAWS, seed)
    else:
        data_shown = _varied(shown.some(count, seed), bundle, name)
        png = pictures.conditional(bundle, data_shown, name or bundle.context[0], GRID, seed)
    named = directory if directory.name else directory.resolve()
    place = output or named.with_name(f"{named.name}.png")
    write_file(place, png)
    click.echo(f"wrote {place}", err=True)


def _check(bundle: Bundle, kind: str, name: str | None, table: Table | None) -> None:
    """Refuse what does not fit the bundle, or lacks the table that it needs."""
    if kind != "samples" and not bundle.context:
        raise FlowError(NotConditional(kind=kind))
    if bundle.context and table is None:
        columns = bundle.context if kind == "samples" else bundle.context + bundle.columns
        raise FlowError(DataNeeded(columns=", ".join(columns)))
    if name is not None and kind != "conditional":
        raise FlowError(NothingVaries())
    if kind == "conditional":
        _check_name(bundle, name)


def _check_name(bundle: Bundle, name: str | None) -> None:
    variables = ", ".join(f"`{variable}`" for variable in bundle.context)
    if name is None and len(bundle.context) > 1:
        raise FlowError(SeveralVariables(variables=variables, first=bundle.context[0]))
    if name is not None and name not in bundle.context:
        near = suggest(name, bundle.context)
        advice = f"did you mean `{near}`?" if near else f"it has {variables}"
        raise FlowError(NoSuchVariable(name=name, advice=advice))


def _varied(data: Shown, bundle: Bundle, name: str | None) -> Shown:
    """The data, in which the chosen variable has to vary."""
    name = name or bundle.context[0]
    varied = data.context[:, bundle.context.index(name)]
    if varied.min() == varied.max():
        raise FlowError(ConstantVariable(name=name, value=f"{varied[0]:g}"))
    return data


def _shown(bundle: Bundle, table: Table | None, kind: str) -> Shown:
    """The rows of a table whose numbers are all finite."""
    from flowspec.plots.bundle import Shown

    if table is None:
        return Shown(np.empty((0, 0)), np.empty((0, 0)))
    values = context = np.empty((table.rows, 0))
    # For samples of a conditional flow, a table of contexts alone will do.
    if kind != "samples" or not bundle.context or {*bundle.columns} & {*table.columns}:
        values = table.numbers(bundle.columns)
    if bundle.context:
        context = table.numbers(bundle.context)
        _check_context(bundle, context, table)
    kept = np.isfinite(values).all(axis=1) & np.isfinite(context).all(axis=1)
    if not kept.any():
        raise FlowError(NoFiniteRow(table=table.name))
    if not kept.all():
        click.echo(
            f"left out {np.sum(~kept)} of {amount(table.rows, 'row')} that are not finite", err=True
        )
    return Shown(values[kept], context[kept])


def _check_context(bundle: Bundle, context: NDArray[Any], table: Table) -> None:
    """Refuse a context outside its support, by its row in the table.

    The bundle would name a row of those that it repeats and reorders.
    """
    finite = np.where(np.isfinite(context), context, np.nan)
    for fields in values_outside(bundle.context, bundle.context_supports, finite):
        raise FlowError(ContextOutsideInTable(table=table.name, **fields))
