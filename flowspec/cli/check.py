"""`flowspec check`: says what is wrong, or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowspec.cli.options import FORMAT, echo_all, print_json
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError


@click.command(short_help="Say what is wrong with flows, or nothing.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A table to train on: say what is wrong with it, and what a density cannot fit well.",
)
@FORMAT
def command(files: tuple[Path, ...], data: Path | None, form: str) -> None:
    """Check FILES and say what is wrong with them, or nothing.

    With `--data` the rows are checked as `flowspec fit` checks them. Warnings alone leave the exit
    code 0.

    Example: flowspec check examples/*.flow
    """
    told: list[Diagnostic] = []
    for file in files:
        try:
            told += _checked(file, data)
        except FlowError as error:
            told += error.diagnostics
    mistakes = sum(diagnostic.level == "error" for diagnostic in told)
    if form == "json":
        print_json([diagnostic.to_json() for diagnostic in told])
    else:
        echo_all(told)
        if mistakes:
            click.echo(f"\n{mistakes} mistake{'s' if mistakes > 1 else ''}", err=True)
    sys.exit(1 if mistakes else 0)


def _checked(file: Path, data: Path | None) -> list[Diagnostic]:
    """The warnings of a flow and its data.

    Errors:  FlowError, where one of them is wrong.
    """
    from flowspec.ir import flexibility
    from flowspec.ir.size import may_be_large
    from flowspec.language.reading import read

    flow = read(file)
    told = list(flexibility.warnings(flow))
    if may_be_large(flow):
        from flowspec.export.cost import check_compilation

        check_compilation(flow)
    if data is None:
        return told
    from flowspec.data.pieces import open_pieces
    from flowspec.train.feed.sources import table_source

    dequantize = flow.train.get("dequantize", ())
    source = table_source(flow, open_pieces(data), dequantize=dequantize)
    source.check_trainable()
    return [*told, *source.warnings()]
