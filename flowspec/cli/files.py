"""Files with flows that commands read and write anew: paths, folders, standard input."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.source import Source

PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True)
)


@mistake
class NoFlows(Diagnostic):
    message = "there is no .flow file in {folder}"
    help = "give the path of a .flow file, or of a folder that holds some"
    folder: str


def flow_files(paths: Iterable[Path]) -> list[Path]:
    """The files among some paths, and the `.flow` files in the folders among them.

    Errors:  FlowError, if a folder holds none.
    """
    files = []
    for path in paths:
        inside = sorted(each for each in path.rglob("*.flow") if each.is_file())
        if path.is_dir() and not inside:
            raise FlowError(NoFlows(where=str(path), folder=path.name))
        files += inside if path.is_dir() else [path]
    return files


def flow_source(path: Path) -> Source:
    """The text of a file, or of standard input for `-`.

    Errors:  FlowError, where it cannot be read as text.
    """
    from flowspec.language.parser import decoded, read_source

    if str(path) == "-":
        return decoded(sys.stdin.buffer.read(), "<stdin>")
    return read_source(path)


def write_flow(path: Path, text: str, *, changes: bool) -> None:
    """Put another text into a file, only where that changes it; for `-`, on standard output.

    Errors:  FlowError, where it cannot be written.
    """
    from flowspec.data.files import rewrite_file

    if str(path) == "-":
        click.echo(text.encode(), nl=False)
    elif changes:
        rewrite_file(path, text.encode())


def show_difference(path: Path, before: str, after: str) -> None:
    """Show the change of a text, as `diff -u` writes it."""
    lines = difflib.unified_diff(_lines(before), _lines(after), str(path), str(path))
    for line in lines:
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        click.echo(line + end, nl=False)


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends. A form feed, say, ends none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
