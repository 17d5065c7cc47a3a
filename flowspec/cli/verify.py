"""`flowspec verify`: replays the conformance vectors of a bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import DIRECTORY, FORMAT, print_json, table
from flowspec.runtime.replay.registry import engine_names

if TYPE_CHECKING:
    from flowspec.runtime.verification import Comparison


@click.command(short_help="Replay the conformance vectors of a bundle.")
@DIRECTORY
@click.option(
    "--runtime",
    type=click.Choice(engine_names()),
    default="onnxruntime",
    show_default=True,
    help="The engine that runs the graphs.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Work the reference outputs out anew from the flow and its weights.",
)
@FORMAT
def command(directory: Path, runtime: str, strict: bool, form: str) -> None:
    """Check the bundle in DIRECTORY: its files against their hashes, its graphs against the
    reference outputs; with --strict these against the flow, so that graphs and reference outputs
    that were replaced together are found.

    Example: flowspec verify exported/one_liner
    """
    if strict:
        from flowspec.export.strict import verify_strictly as verify
    else:
        from flowspec.runtime.verification import verify

    report = verify(directory, runtime)
    if form == "json":
        print_json([each.to_json() for each in report])
    else:
        click.echo(table([HEADS, *map(_row, report)]))
        for line in dict.fromkeys(f"{r.graph}: {r.reason}" for r in report if not r.passed):
            click.echo(line)
    sys.exit(0 if all(each.passed for each in report) else 1)


HEADS = ("graph", "output", "rows", "worst difference", "allowed", "time", "")


def _row(comparison: Comparison) -> tuple[str, ...]:
    return (
        comparison.graph,
        comparison.output,
        str(comparison.rows),
        f"{comparison.difference:.1e}",
        f"{comparison.allowed:.0e}",
        f"{1e3 * comparison.seconds:.3g} ms" if comparison.seconds else "",
        "ok" if comparison.passed else "WRONG",
    )
