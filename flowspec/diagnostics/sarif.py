"""Diagnostics as SARIF 2.1.0, which code hosts and editors read.

Source:  Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard, 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from flowspec.diagnostics.explained import explanation
from flowspec.diagnostics.findings import Finding
from flowspec.diagnostics.repairs import Fix
from flowspec.diagnostics.source import Place, Span
from flowspec.version import VERSION

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Iterable[Finding]) -> Json:
    """The log of one run: a rule for each code that was found, and the results."""
    findings = list(findings)
    codes = list(dict.fromkeys(finding.diagnostic.code for finding in findings))
    driver = {"name": "flowspec", "version": VERSION, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> Json:
    """A code, with what explains it."""
    rule: Json = {"id": code, "name": "".join(word.capitalize() for word in code.split("-"))}
    if page := explanation(code):
        rule["shortDescription"] = {"text": page.what}
        rule["fullDescription"] = {"text": page.why or page.what}
        rule["help"] = {"text": str(page)}
    return rule


def _result(finding: Finding, codes: Sequence[str]) -> Json:
    diagnostic, path = finding.diagnostic, finding.path
    related = [_related(path, diagnostic.span, place) for place in diagnostic.as_message().related]
    fixes = [_fix(path, fix) for fix in diagnostic.fixes]
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.level,
        "message": {"text": finding.words},
        "locations": [{"physicalLocation": _physical(path, diagnostic.span)}],
        **({"relatedLocations": related} if related else {}),
        **({"fixes": fixes} if fixes else {}),
    }


def _related(path: str, main: Span | None, place: Place) -> Json:
    """A place; one in another text than the mistake's, the prelude, is told by its name."""
    here = main is not None and place.span.source == main.source
    words = {"message": {"text": place.words}} if place.words else {}
    name = path if here else place.span.source.name
    return {"physicalLocation": _physical(name, place.span), **words}


def _physical(path: str, span: Span | None) -> Json:
    region = {"region": _region(span)} if span else {}
    return {"artifactLocation": _artifact(path), **region}


def _artifact(path: str) -> Json:
    place = PurePath(path)
    return {"uri": place.as_uri() if place.is_absolute() else quote(place.as_posix())}


def _region(span: Span) -> Json:
    (line, column), (end_line, end_column) = span.position, span.end_position
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(path: str, fix: Fix) -> Json:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(path), "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}
