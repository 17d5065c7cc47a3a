"""`flowspec init`: a first spec for a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import TABLE_PLACE, or_standard_output

if TYPE_CHECKING:
    from flowspec.data.places import Place


@click.command(short_help="A first spec for a table, commented.")
@click.argument("table", type=TABLE_PLACE)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="COLUMN",
    help="A column whose density is wanted given the others. Repeat it for several.",
)
@or_standard_output("The .flow file to write; else standard output.")
def command(table: Place, targets: tuple[str, ...], output: Path | None) -> None:
    """Look at the columns of TABLE, and write a spec that fits it at once: a support for each
    column with what speaks for it, a flow of a size for so many rows, settings of the training.

    Nothing is guessed in silence: read the comments, and correct what is wrong. An existing file is
    not overwritten.

    Example: flowspec init examples/data/iris.csv -o my.flow
    """
    from flowspec.data.files import write_file
    from flowspec.data.tables.read import read_table
    from flowspec.draft.spec import spec

    if output is not None and output.is_dir():
        file = output / f"{table.stem}.flow"
        raise click.BadParameter(f"{output} is a folder; write {file}", param_hint="-o")
    if output is not None and output.exists():
        raise click.BadParameter(f"{output} exists; choose another name", param_hint="-o")
    text = spec(read_table(table), targets)
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text.encode())
    click.echo(
        f"wrote {output}; next: flowspec fit {output} --data {table} -o {output.stem}_model",
        err=True,
    )
