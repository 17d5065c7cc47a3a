"""Diagnostics as commands of GitHub's workflows, which show them beside the changed lines."""

from __future__ import annotations

from collections.abc import Iterable

from flowspec.diagnostics.findings import Finding

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def workflow_commands(findings: Iterable[Finding]) -> str:
    """One line for each finding: `::error file=a.flow,line=1,...::what is wrong`."""
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    diagnostic = finding.diagnostic
    places = {"file": finding.path, **_region(finding), "title": diagnostic.code}
    written = ",".join(f"{name}={_property(str(value))}" for name, value in places.items())
    return f"::{_LEVELS[diagnostic.level]} {written}::{_data(finding.words)}"


def _region(finding: Finding) -> dict[str, int]:
    """The place; a column of the end belongs to a place in one line only."""
    span = finding.diagnostic.span
    if span is None:
        return {}
    (line, column), (end_line, end_column) = span.position, span.end_position
    ends = {"endColumn": end_column} if line == end_line else {}
    return {"line": line, "endLine": end_line, "col": column, **ends}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
