"""`flowspec plot`: draws what a bundle gives, beside data if there is any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from flowspec.cli.options import DIRECTORY
from flowspec.diagnostics.diagnostic import FlowError, suggest

if TYPE_CHECKING:
    from flowspec.data.tables.table import Table
    from flowspec.plots.bundle import Rows
    from flowspec.runtime.bundle import Bundle

COUNTS = {"samples": 5000, "calibration": 2000, "conditional": 2000}
"""The kinds of pictures, and how many samples or rows each shows, if not told otherwise."""


DRAWS = 200
"""Samples for each row, among which its level is found."""

GRID = 60, 4000
"""Contexts at which quantiles are drawn, and samples for each of them."""


@click.command(short_help="Draw a bundle's samples, density or calibration.")
@DIRECTORY
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A .csv, .parquet or .npy table to draw beside the samples.",
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
    help="The picture; DIRECTORY.png, if not given.",
)
def command(
    directory: Path,
    data: Path | None,
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
    rows = _rows(bundle, table, kind)
    count = count or COUNTS[kind]
    if kind == "samples":
        png = pictures.samples(bundle, rows, count, seed)
    elif kind == "calibration":
        png = pictures.calibration(bundle, rows.some(count, seed), DRAWS, seed)
    else:
        png = pictures.conditional(
            bundle,
            _varied(rows.some(count, seed), bundle, name),
            name or bundle.context[0],
            GRID,
            seed,
        )
    named = directory if directory.name else directory.resolve()
    place = output or named.with_name(f"{named.name}.png")
    write_file(place, png)
    click.echo(f"wrote {place}", err=True)


def _check(bundle: Bundle, kind: str, name: str | None, table: Table | None) -> None:
    """Refuse what does not fit the bundle, or lacks the table that it needs."""
    if kind != "samples" and not bundle.context:
        raise _wrong(
            f"there is no context for `--kind {kind}`: this bundle is not conditional",
            "draw it without `--kind`",
        )
    if bundle.context and table is None:
        advice = f"add --data and a table with columns {', '.join(_needed(bundle, kind))}"
        raise _wrong(
            "this bundle is conditional: there is nothing to draw without contexts", advice
        )
    if name is not None and kind != "conditional":
        raise _wrong(
            "`--context` names what varies in a picture of kind `conditional`",
            "add `--kind conditional`",
        )
    if kind == "conditional":
        _check_name(bundle, name)


def _needed(bundle: Bundle, kind: str) -> tuple[str, ...]:
    return bundle.context if kind == "samples" else bundle.context + bundle.columns


def _check_name(bundle: Bundle, name: str | None) -> None:
    variables = ", ".join(f"`{name}`" for name in bundle.context)
    if name is None and len(bundle.context) > 1:
        raise _wrong(
            f"the context has several variables: {variables}",
            f"add `--context {bundle.context[0]}` to vary this one",
        )
    if name is not None and name not in bundle.context:
        near = suggest(name, bundle.context)
        raise _wrong(
            f"the context has no variable `{name}`",
            f"did you mean `{near}`?" if near else f"it has {variables}",
        )


def _wrong(what: str, advice: str) -> FlowError:
    from flowspec.diagnostics.inputs import WrongInput

    return FlowError(WrongInput(what=what, advice=advice))


def _varied(rows: Rows, bundle: Bundle, name: str | None) -> Rows:
    """The rows, in which the chosen variable has to vary."""
    varied = rows.context[:, bundle.context.index(name) if name else 0]
    if varied.min() == varied.max():
        what = (
            f"`{name or bundle.context[0]}` is {varied[0]:g} in every row: there is nothing to vary"
        )
        raise _wrong(what, "draw `--kind calibration`")
    return rows


def _rows(bundle: Bundle, table: Table | None, kind: str) -> Rows:
    """The rows of a table whose numbers are all finite."""
    from flowspec.plots.bundle import Rows

    if table is None:
        return Rows(np.empty((0, 0)), np.empty((0, 0)))
    values = context = np.empty((table.rows, 0))
    # For samples of a conditional flow, a table of contexts alone will do.
    if kind != "samples" or not bundle.context or {*bundle.columns} & {*table.columns}:
        values = table.numbers(bundle.columns)
    if bundle.context:
        context = table.numbers(bundle.context)
        _check_context(bundle, context, table)
    kept = np.isfinite(values).all(axis=1) & np.isfinite(context).all(axis=1)
    if not kept.any():
        raise _wrong(
            f"{table.name} has no row whose numbers are all finite", "fill in what is missing"
        )
    if not kept.all():
        click.echo(f"left out {np.sum(~kept)} of {table.rows} rows that are not finite", err=True)
    return Rows(values[kept], context[kept])


def _check_context(bundle: Bundle, context: np.ndarray, table: Table) -> None:
    """Name a row of the table: the bundle would name one of those that it repeats and reorders."""
    from flowspec.support.registry import from_json as support_from_json

    declared = bundle.about["flow"].get("context") or []
    supports = [
        support_from_json(entry["support"]).interval for entry in declared for _ in entry["names"]
    ]
    for name, support, column in zip(bundle.context, supports, context.T, strict=True):
        outside = (
            np.flatnonzero(support.excludes(column) & np.isfinite(column))
            if support
            else np.empty(0)
        )
        if support and len(outside):
            first = int(outside[0])
            place = f"in row {first + 1} of {table.name}, outside of {support.brackets}"
            what = f"context `{name}` is {column[first]:g} {place}"
            raise _wrong(
                what,
                f"leave such rows out ({len(outside)} of {table.rows}), or declare a wider support",
            )
