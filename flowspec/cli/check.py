"""`flowspec check`: says what is wrong, or nothing, and repairs what it can."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.files import PATHS, flow_files, flow_source, show_difference, write_flow
from flowspec.cli.options import TABLE_PLACE, echo_all, print_json
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.findings import Finding
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.source import Source

if TYPE_CHECKING:
    from flowspec.data.places import Place


@click.command(short_help="Say what is wrong with flows, or nothing.")
@PATHS
@click.option(
    "--data",
    type=TABLE_PLACE,
    help="A table to train on: say what is wrong with it, and what a density cannot fit well.",
)
@click.option("--fix", is_flag=True, help="Repair what can be repaired, and say what was changed.")
@click.option("--diff", is_flag=True, help="With --fix: change nothing, show what would change.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="For people, programs, code hosts (SARIF 2.1.0), or GitHub's workflows.",
)
def command(paths: tuple[Path, ...], data: Place | None, fix: bool, diff: bool, form: str) -> None:
    """Check the flows of PATHS and say what is wrong with them, or nothing: files, folders with
    `.flow` files, or `-` for standard input.

    With `--data` the rows are checked as `flowspec fit` checks them. Warnings alone leave the exit
    code 0. With `--fix` it follows from what is left.

    Example: flowspec check examples/*.flow
    """
    if diff and not fix:
        raise click.UsageError("--diff shows what --fix would change: give both")
    findings: list[Finding] = []
    for path in flow_files(paths):
        try:
            told = _checked(_source(path, fix, diff), data)
        except FlowError as error:
            told = list(error.diagnostics)
        findings += [Finding(str(path), diagnostic) for diagnostic in told]
    REPORTS[form](findings)
    sys.exit(1 if any(finding.diagnostic.level == "error" for finding in findings) else 0)


def _source(path: Path, fix: bool, diff: bool) -> Source:
    """The text of a file, repaired if it is to be.

    Errors:  FlowError, where it cannot be read or written.
    """
    source = flow_source(path)
    if not fix:
        return source
    from flowspec.language.fixing import fixed

    repaired, changes, _ = fixed(source)
    if diff:
        show_difference(path, source.text, repaired.text)
        return source
    write_flow(path, repaired.text, changes=bool(changes))
    for line, title in changes:
        click.echo(f"{path}:{line}: {title}", err=True)
    return repaired


def _checked(source: Source, data: Place | None) -> list[Diagnostic]:
    """The warnings of a flow and its data.

    Errors:  FlowError, where one of them is wrong.
    """
    from flowspec.ir import flexibility
    from flowspec.ir.size import may_be_large
    from flowspec.language import checker

    flow = checker.check(source)
    told = list(flexibility.warnings(flow))
    if may_be_large(flow):
        from flowspec.export.cost import check_compilation

        check_compilation(flow)
    if data is None:
        return told
    from flowspec.data.pieces import open_pieces
    from flowspec.train.feed.sources import table_source

    dequantize = flow.train.get("dequantize", ())
    rows = table_source(flow, open_pieces(data), dequantize=dequantize)
    rows.check_trainable()
    return [*told, *rows.warnings()]


# --- reports --------------------------------------------------------------------------------------


def _as_text(findings: list[Finding]) -> None:
    echo_all(finding.diagnostic for finding in findings)
    mistakes = sum(finding.diagnostic.level == "error" for finding in findings)
    if mistakes:
        click.echo(f"\n{amount(mistakes, 'mistake')}", err=True)


def _as_json(findings: list[Finding]) -> None:
    print_json([finding.to_json() for finding in findings])


def _as_sarif(findings: list[Finding]) -> None:
    from flowspec.diagnostics.sarif import sarif

    print_json(sarif(findings))


def _as_commands(findings: list[Finding]) -> None:
    from flowspec.diagnostics.github import workflow_commands

    click.echo(workflow_commands(findings), nl=False)


REPORTS: dict[str, Callable[[list[Finding]], None]] = {
    "text": _as_text,
    "json": _as_json,
    "sarif": _as_sarif,
    "github": _as_commands,
}
