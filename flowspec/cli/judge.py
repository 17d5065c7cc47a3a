"""`flowspec judge`: a verdict on a fit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from flowspec.cli.options import DIRECTORY, TABLE_PLACE, print_json, table, writable
from flowspec.diagnostics.diagnostic import FlowError, mistake, suggest
from flowspec.diagnostics.inputs import WrongInput
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.judge.evidence import Evidence
    from flowspec.judge.judging import Judgement
    from flowspec.runtime.bundle import Bundle

SIMPLE = ("gaussian", "gmm", "kde")
"""Densities to compare with that need no bundle."""

FAILED = 3
"""The exit code of a fit that is worse than --fail-on allows."""


@mistake
class OtherColumns(WrongInput):
    message = "it has other {what} than {directory}"
    note = "it has {theirs}; {directory} has {ours}"
    help = "compare bundles of the same columns and the same context"
    what: str
    ours: str
    theirs: str
    directory: str


@click.command(short_help="A verdict on a fit, by rows that it has not seen.")
@DIRECTORY
@click.option("--data", required=True, type=TABLE_PLACE, help="Rows that it was not trained on.")
@click.option(
    "--trained-on",
    type=TABLE_PLACE,
    help="The rows of the training: simple densities are fitted to them, and copies looked for.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="DIR|" + "|".join(SIMPLE),
    help="Another bundle, or a simple density, to compare with. Repeat it for several.",
)
@click.option(
    "--rows",
    "most",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Of a table with more, so many are drawn at random.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "-o",
    "--output",
    type=TABLE_PLACE,
    callback=writable,
    help="A report as one .html page, with pictures.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["look", "bad"]),
    help="Exit with 3 where the verdict is this or worse.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text",
    help="For people or programs.",
)  # fmt: skip
def command(
    directory: Path,
    data: Place,
    trained_on: Place | None,
    against: tuple[str, ...],
    most: int,
    seed: int,
    output: Path | None,
    fail_on: str | None,
    form: str,
) -> None:
    """Judge the bundle in DIRECTORY by rows that it was not trained on: the density that it gives
    them, beside simple densities; each column, its tails and repeated values; how columns go
    together; whether a classifier can tell samples from data. Of a conditional bundle also whether
    it is as sure as it may be.

    Each line is fine, look or bad, with the figure that this rests on. `bad` is what a perfect
    model shows once in a thousand times, and large enough to matter.

    Example: flowspec judge iris_model --data held_out.csv -o report.html
    """
    from flowspec.judge.judging import judge
    from flowspec.runtime.bundle import load

    if output and output.is_dir():
        file = output / "report.html"
        raise click.BadParameter(f"{output} is a folder; write {file}", param_hint="-o")
    if output and output.suffix.lower() not in (".html", ".htm"):
        page = output.with_suffix(".html")
        raise click.BadParameter(f"the report is a page: write {page}", param_hint="-o")
    bundle = load(directory)
    rivals = {name: _rival(name, bundle) for name in against if name not in SIMPLE}
    rows, context = _rows(bundle, data, most, seed)
    known, known_context = _rows(bundle, trained_on, most, seed) if trained_on else (None, None)
    simple = [name for name in against if name in SIMPLE] or ["gaussian", "gmm"]
    others = {name: _scored(other, bundle, rows, context) for name, other in rivals.items()}
    judged = judge(
        bundle, rows, context, trained_on=known, trained_context=known_context,
        against=simple, others=others, seed=seed,
    )  # fmt: skip
    if form == "json":
        print_json(judged.to_json())
    else:
        click.echo(text(judged))
    if output:
        _write(output, directory, judged, bundle, rows, context, seed)
    words = ("fine", "look", "bad")
    if fail_on and words.index(judged.verdict) >= words.index(fail_on):
        sys.exit(FAILED)


def text(judged: Judgement) -> str:
    """The items as lines, and the verdict."""
    lines = [("item", "verdict", f"figure, of {amount(judged.rows, 'row')}")]
    lines += [(item.name, item.verdict, item.figure) for item in judged.items]
    return f"{table(lines)}\n\nverdict: {judged.verdict}"


def _rows(
    bundle: Bundle, path: Place, most: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """The values and the context of the rows of a table that are finite, with a context in its
    support; of a large one, of some that are drawn at random.
    """
    from flowspec.data.pieces import open_pieces
    from flowspec.runtime.table_context import outside_of

    found = open_pieces(path)
    if most < found.rows:
        click.echo(
            f"{path.name}: {most:,} of {amount(found.rows, 'row')}, drawn at random", err=True
        )
    numbers = found.drawn([*bundle.columns, *bundle.context], most, seed)
    _, given = np.split(numbers, [len(bundle.columns)], axis=1)
    kept = np.isfinite(numbers).all(axis=1) & ~outside_of(bundle, given)
    if not kept.all():
        click.echo(
            f"left out {np.sum(~kept)} of {amount(len(kept), 'row')} that are not finite"
            f"{', or whose context is outside its support' if bundle.context else ''}",
            err=True,
        )
    values, context = np.split(numbers[kept], [len(bundle.columns)], axis=1)
    return values, context if bundle.context else None


def _rival(name: str, bundle: Bundle) -> Bundle:
    """Another bundle, of the same columns and the same context, in any order.

    Errors:  FlowError, where it has others.
    """
    from flowspec.runtime.bundle import load

    if not Path(name).exists() and (near := suggest(name, SIMPLE)):
        wrong = f"there is no folder {name}; did you mean {near}?"
        raise click.BadParameter(wrong, param_hint="--against")
    rival = load(name)
    for what in ("columns", "context"):
        ours, theirs = getattr(bundle, what), getattr(rival, what)
        if {*ours} != {*theirs}:
            own, other = (", ".join(f"`{each}`" for each in names) for names in (ours, theirs))
            raise FlowError(
                OtherColumns(
                    where=name, what=what, ours=own or "none", theirs=other or "none",
                    directory=str(bundle.path),
                )
            )  # fmt: skip
    return rival


def _scored(
    rival: Bundle, bundle: Bundle, rows: np.ndarray, context: np.ndarray | None
) -> np.ndarray:
    """The log-densities of the rows by another bundle, whose columns have an order of their own."""
    from flowspec.judge.evidence import Evidence

    order = [bundle.columns.index(name) for name in rival.columns]
    given = np.empty((len(rows), 0)) if context is None else context
    of_context = [bundle.context.index(name) for name in rival.context]
    return Evidence(rival, rows[:, order], given[:, of_context]).log_prob


def _write(path: Path, directory: Path, judged: Judgement, *of_evidence: Any) -> None:
    """The report, with its pictures."""
    from flowspec.data.files import write_file
    from flowspec.judge.report import html

    write_file(path, html(f"{directory}, judged", judged, _pictures(*of_evidence)).encode())
    click.echo(f"wrote {path}", err=True)


def _pictures(
    bundle: Bundle, rows: np.ndarray, context: np.ndarray | None, seed: int
) -> dict[str, bytes]:
    from flowspec.judge import pictures
    from flowspec.judge.evidence import Evidence

    given = np.empty((len(rows), 0)) if context is None else context
    evidence: Evidence = Evidence(bundle, rows, given, seed)
    return {
        "Data and samples": pictures.beside(evidence),
        "Levels of the data among the samples": pictures.levels_of_columns(evidence),
    }
