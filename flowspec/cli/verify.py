"""`flowspec verify`: replays the conformance vectors of a bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY, FORMAT, print_json, table


@click.command(short_help="Replay the conformance vectors of a bundle.")
@DIRECTORY
@click.option(
    "--runtime", type=click.Choice(["onnxruntime", "reference"]), default="onnxruntime",
    show_default=True,
    help="onnxruntime, or the (slow) reference evaluator of the onnx package.",
)  # fmt: skip
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
        rows = [("graph", "output", "largest difference", "allowed", "")]
        rows += [
            (
                r.graph,
                r.output,
                f"{r.difference:.1e}",
                f"{r.allowed:.0e}",
                "ok" if r.passed else "WRONG",
            )
            for r in report
        ]
        click.echo(table(rows))
    sys.exit(0 if all(each.passed for each in report) else 1)
