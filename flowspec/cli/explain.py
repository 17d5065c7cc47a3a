"""`flowspec explain`: one base or step at length, or one code of what is told."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import writable
from flowspec.diagnostics.diagnostic import FlowError, suggest

if TYPE_CHECKING:
    from flowspec.language.catalogue import Entry

DRAWN = ("base", "step")
"""The kinds of entries that have a picture."""


@click.command(short_help="One base or step at length, or the code of a mistake.")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=writable,
    help="Draw the map of a step, or the density of a base, into this .png or .svg.",
)
def command(name: str, output: Path | None) -> None:
    """Explain NAME, a base, a step, or a form such as `repeat`: formula, arguments, examples,
    source. Or what is told of a flow or of data, by its code, `domain-mismatch` or `whole-numbers`:
    what is wrong, why, and what is right.

    The map of a step of one number, and the density of a base of one, are drawn below the words
    where these are read on a terminal.

    Example: flowspec explain RQS
    """
    from flowspec.diagnostics.explained import codes, explanation
    from flowspec.language.call_mistakes import UnknownName
    from flowspec.language.catalogue import entries
    from flowspec.train.feed.data_warnings import explained, kinds

    if output is not None:
        _save(name, output)
        return
    known = {entry.name: entry for entry in entries()}
    if name in known:
        click.echo(known[name].explained())
        if _is_terminal():
            _draw(known[name])
    elif told := explanation(name) or explained(name):
        click.echo(told)
    else:
        near = suggest(name, [*known, *kinds(), *codes()])
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all names"
        raise FlowError(UnknownName(kind="base, step or code", name=name, advice=advice))


def _draw(entry: Entry) -> None:
    """The curve of an entry on the terminal, if it has one."""
    if entry.kind not in DRAWN or not find_spec("matplotlib"):
        return
    from flowspec.plots import components, terminal

    found = components.curve(entry)
    if found is not None:
        click.echo(f"\n{terminal.curve(*found)}")


def _save(name: str, output: Path) -> None:
    """The picture of a base or a step as a file."""
    from flowspec.data.files import write_file
    from flowspec.diagnostics.explained import codes
    from flowspec.language.call_mistakes import UnknownName
    from flowspec.language.catalogue import entries
    from flowspec.plots.components import image
    from flowspec.train.feed.data_warnings import kinds

    drawn = {entry.name: entry for entry in entries() if entry.kind in DRAWN}
    if name not in drawn and name in {*codes(), *kinds(), *(entry.name for entry in entries())}:
        wrong = f"`{name}` has no picture, as it is no base or step"
        raise click.BadParameter(wrong, param_hint="-o")
    if name not in drawn:
        near = suggest(name, drawn)
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all names"
        raise FlowError(UnknownName(kind="base or step", name=name, advice=advice))
    if output.suffix not in (".png", ".svg"):
        raise click.BadParameter("write a name that ends in .png or .svg", param_hint="-o")
    write_file(output, image(drawn[name], output.suffix[1:]))
    click.echo(f"wrote {output}", err=True)


def _is_terminal() -> bool:
    return sys.stdout.isatty()
