"""`flowspec fmt`: flows in the one canonical layout."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowspec.cli.files import PATHS, flow_files, flow_source, show_difference, write_flow
from flowspec.cli.options import echo_all
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError


@click.command(short_help="Write flows in the one canonical layout.")
@PATHS
@click.option("--check", is_flag=True, help="Change nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Write the flows of PATHS in the canonical layout: files, folders with `.flow` files, or `-`
    for standard input, which goes to standard output. Comments and numbers stay as they are.

    With `--check` the exit code is 1 where a file would change.

    Example: flowspec fmt --check examples
    """
    mistakes: list[Diagnostic] = []
    changes = 0
    for path in flow_files(paths):
        try:
            changes += _format(path, check, diff)
        except FlowError as error:
            mistakes += error.diagnostics
    echo_all(mistakes)
    sys.exit(1 if mistakes or (check and changes) else 0)


def _format(path: Path, check: bool, diff: bool) -> bool:
    """Write a file anew; True if that changes it, or would.

    Errors:  FlowError, where it cannot be read or written, or breaks the grammar.
    """
    from flowspec.language.layout.formatting import formatted

    source = flow_source(path)
    text = formatted(source)
    changes = source.text != text
    if diff:
        show_difference(path, source.text, text)
    elif check and changes:
        click.echo(path)
    elif not check:
        write_flow(path, text, changes=changes)
    return changes
