"""`flowspec check`: says what is wrong, or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowspec.cli.options import FORMAT, print_json
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.render import render_all


@click.command(short_help="Say what is wrong with flows, or nothing.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@FORMAT
def command(files: tuple[Path, ...], form: str) -> None:
    """Check FILES and say what is wrong with them, or nothing.

    Example: flowspec check examples/*.flow
    """
    from flowspec.language.reading import read

    mistakes: list[Diagnostic] = []
    for file in files:
        try:
            read(file)
        except FlowError as error:
            mistakes += error.diagnostics
    if form == "json":
        print_json([diagnostic.to_json() for diagnostic in mistakes])
    elif mistakes:
        click.echo(render_all(mistake.as_message() for mistake in mistakes), err=True)
        click.echo(f"\n{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}", err=True)
    sys.exit(1 if mistakes else 0)
