"""Arguments, options and output that several commands share."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from flowspec.cli.colors import colored
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.render import render_all

Command = Callable[..., Any]
Option = Callable[[Any], Any]
"""A decorator of commands, as `click.option` makes them."""


class TablePlace(click.Path):
    """A path, or the address of a store (`s3://bucket/table`)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The place that a text is: a Place."""
        from flowspec.data.places import place_of

        place = place_of(value)
        return super().convert(place, param, ctx) if isinstance(place, Path) else place


TABLE_PLACE = TablePlace(path_type=Path)

FLOW_FILE = click.argument("file", type=click.Path(path_type=Path))
DIRECTORY = click.argument("directory", type=click.Path(path_type=Path))
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people or programs.",
)


def writable(_context: click.Context, _option: click.Parameter, path: Any) -> Any:
    """The callback of options for outputs: a place that cannot be written is told before any work.
    None for standard output. What is a folder already is left to the command.

    Errors:  FlowError, with the reason.
    """
    from flowspec.data.files import check_writable

    if path is None or path == STANDARD:
        return None
    if not (isinstance(path, Path) and os.path.isdir(path)):
        check_writable(path)
    return path


def or_standard_output(help: str, kind: type[click.Path] = click.Path) -> Option:
    """The option `-o`, of what is printed on standard output without it, or with `-`.

    kind   of path: `TablePlace`, where the output is a table
    """
    return click.option(
        "-o",
        "--output",
        type=kind(path_type=Path, allow_dash=True),
        callback=writable,
        help=help,
    )


STANDARD = Path("-")
"""What stands for standard output."""

PROVIDER = click.option(
    "--provider",
    default="cpu",
    show_default=True,
    help="Where onnxruntime computes: cpu, cuda, ...",
)


def together(*options: Option) -> Option:
    """One decorator for several options, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def print_json(data: Any) -> None:
    """Data for another program, on standard output."""
    click.echo(json.dumps(data, indent=1, allow_nan=False))


def echo_all(mistakes: Iterable[Diagnostic]) -> None:
    """Mistakes or warnings, on standard error."""
    if told := render_all(mistake.as_message() for mistake in mistakes):
        click.echo(colored(told), err=True)


def table(rows: Sequence[tuple[str, ...]], width: int | None = None) -> str:
    """Rows in aligned columns, the first being the heads.

    width   of the whole table: cells are cut short until it fits, the widest first
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if width is not None:
        _narrow(widths, width - 2 * (len(widths) - 1))
        rows = [tuple(map(_cut, row, widths)) for row in rows]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def density_column(taken: Sequence[str]) -> str:
    """The name of a column of densities; another one than `log_prob` is told."""
    from flowspec.data.tables.write import free_name

    name = free_name("log_prob", taken)
    if name != "log_prob":
        click.echo(f"note: there is a column `log_prob` already: the density is `{name}`", err=True)
    return name


def latent_columns(count: int, taken: Sequence[str]) -> list[str]:
    """The names of columns of points in the base: `z0`, or one that is free."""
    from flowspec.data.tables.write import free_name

    return [free_name(f"z{index}", taken) for index in range(count)]


def _narrow(widths: list[int], total: int) -> None:
    """Take from the widest columns until all fit."""
    while sum(widths) > max(total, 8 * len(widths)):
        widest = widths.index(max(widths))
        rest = [width for i, width in enumerate(widths) if i != widest]
        widths[widest] = max(total - sum(rest), max(rest) - 1, 8)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 3] + "..."


def line_width() -> int:
    """Columns of the terminal; 100 where the output is none."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
