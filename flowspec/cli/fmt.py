"""`flowspec fmt`: flows in the one canonical layout."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from flowspec.cli.options import echo_all
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Source


@click.command(short_help="Write flows in the one canonical layout.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
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


def flow_files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files among some paths, and the `.flow` files in the folders among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.flow"))
        else:
            yield path


def _format(path: Path, check: bool, diff: bool) -> bool:
    """Write a file anew; True if that changes it, or would.

    Errors:  FlowError, where it cannot be read or written, or breaks the grammar.
    """
    from flowspec.language.layout.formatting import formatted

    source = flow_source(path)
    text = formatted(source)
    changes = source.text != text
    if diff:
        click.echo(difference(str(path), source.text, text), nl=False)
    if check and changes and not diff:
        click.echo(path)
    if not check and not diff:
        _write(path, text, changes)
    return changes


def flow_source(path: Path) -> Source:
    """The text of a file, or of standard input for `-`.

    Errors:  FlowError, where it cannot be read as text.
    """
    from flowspec.language.parser import decoded, read_source

    if str(path) == "-":
        return decoded(sys.stdin.buffer.read(), "<stdin>")
    return read_source(path)


def difference(name: str, before: str, after: str) -> str:
    """The change of a text, as `diff -u` writes it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _write(path: Path, text: str, changes: bool) -> None:
    from flowspec.data.files import rewrite_file

    if str(path) == "-":
        click.echo(text.encode(), nl=False)
    elif changes:
        rewrite_file(path, text.encode())
