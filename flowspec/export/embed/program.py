"""A program for one bundle: its template with what is particular to the bundle put in.

In a template, `@NAME@` stands for a text, and lines between `@if NAME`, `@else` and `@end` are
kept where that holds: `context` (the flow is conditional), `counted` (its graphs take any number of
rows), `scalar` (points are numbers).
"""

from __future__ import annotations

import itertools
import pkgutil
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.embed.languages import LANGUAGES, Language
from flowspec.export.templates import filled
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.verification import Vectors, vectors_of
from flowspec.version import VERSION

WIDTH = 96
"""Columns of the lines that hold numbers."""

SHOWN = 5
"""Rows that a program draws and prints."""


@mistake
class NoSamplesToEmbed(Diagnostic):
    message = "{path} has no sample.onnx, and a program would sample"
    note = "graphs for {target} are without it"
    help = "compile the flow for another target"
    path: str
    target: str


def program(bundle: Bundle, language: str) -> str:
    """The program of a bundle in a language of `LANGUAGES`. Same bundle, same text.

    Errors:  FlowError, where the bundle has no graph for samples.
    """
    if "sample" not in bundle.graphs:
        target = bundle.description.target
        raise FlowError(NoSamplesToEmbed(path=str(bundle.path), target=target))
    kind = LANGUAGES[language]
    data = pkgutil.get_data("flowspec.export.embed", f"templates/{kind.template}.in") or b""
    flags = {
        "context": bool(bundle.context),
        "counted": bundle.description.batch is None,
        "scalar": bundle.description.scalar,
    }
    return filled("\n".join(_kept(data.decode().splitlines(), flags)) + "\n", _words(bundle, kind))


def _kept(lines: Sequence[str], flags: Mapping[str, bool]) -> Iterator[str]:
    """The lines of a template that are for a bundle of such a kind."""
    keeps: list[bool] = []
    for line in lines:
        match line.split():
            case ["@if", name]:
                keeps.append(flags[name])
            case ["@else"]:
                keeps[-1] = not keeps[-1]
            case ["@end"]:
                keeps.pop()
            case _ if all(keeps):
                yield line


def _words(bundle: Bundle, kind: Language) -> dict[str, str]:
    """The texts that are put into a template, by name."""
    vectors, dtype = vectors_of(bundle), bundle.dtype.name
    score, draw = _settled(vectors["log_prob"]), _settled_draws(vectors["sample"])

    def numbers(rows: Sequence[Any]) -> str:
        flat = [n for row in rows for n in (row if isinstance(row, list) else [row])]
        return textwrap.fill(
            ", ".join(kind.number(n, dtype) for n in flat), WIDTH, break_on_hyphens=False
        )

    said = bundle.description
    return {
        "TITLE": _plain(_title(bundle)),
        "CHECKED": kind.checked,
        "VERSION": VERSION,
        "DIRECTORY": kind.quoted(bundle.path.as_posix()),
        "DTYPE": dtype,
        "TYPE": kind.types[dtype],
        "DIGITS": {"float32": "9", "float64": "17"}[dtype],
        "BUFFER": {"float32": "FloatBuffer", "float64": "DoubleBuffer"}[dtype],
        "TYPE_IN_CAPITALS": kind.types[dtype].upper(),
        "D": str(len(bundle.columns)),
        "C": str(len(bundle.context)),
        "COLUMNS": ", ".join(map(kind.quoted, bundle.columns)),
        "CONTEXT": ", ".join(map(kind.quoted, bundle.context)),
        "SHOWN": str(said.batch or SHOWN),
        "SCORE_ROWS": str(len(score["log_prob"]["parity"])),
        "SCORE_X": numbers(score["x"]),
        "SCORE_CONTEXT": numbers(score.get("context", [])),
        "SCORE_LOG_PROB": numbers(score["log_prob"]["parity"]),
        "SCORE_ALLOWED": _allowed(vectors, "log_prob"),
        "DRAW_ROWS": str(len(draw["log_prob"]["parity"])),
        "DRAW_SEED": str(draw["seed"]),
        "DRAW_FIRST_ROW": str(draw["first_row"]),
        "DRAW_CONTEXT": numbers(draw.get("context", [])),
        "DRAW_X": numbers(draw["x"]["parity"]),
        "DRAW_LOG_PROB": numbers(draw["log_prob"]["parity"]),
        "DRAW_ALLOWED": _allowed(vectors, "sample"),
    }


def _title(bundle: Bundle) -> str:
    given = f" given {', '.join(bundle.context)}" if bundle.context else ""
    return f"A normalizing flow over {', '.join(bundle.columns)}{given}"


def _plain(text: str) -> str:
    """A text that ends no comment."""
    return re.sub(r"[^\w ,.()\[\]-]", "?", text)


def _allowed(vectors: Vectors, graph: str) -> str:
    tolerance = vectors[graph].get("tolerance") or vectors["tolerance"]
    return repr(float(tolerance["relative"]))


def _settled(case: Mapping[str, Any]) -> dict[str, Any]:
    """The vectors of a density, with another row in the place of those that engines may differ in.

    The number of rows stays, which may be fixed.
    """
    density = case["log_prob"]["parity"]
    open_rows = {*case.get("subnormal", ()), *case.get("unsettled", ())}
    firm = next(row for row in range(len(density)) if row not in open_rows)
    rows = [firm if row in open_rows else row for row in range(len(density))]

    def chosen(values: Sequence[Any]) -> list[Any]:
        return [values[row] for row in rows]

    points = {name: chosen(case[name]) for name in ("x", "context") if name in case}
    return {**points, "log_prob": {"parity": chosen(density)}}


def _settled_draws(case: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vectors of samples: the longest run of rows that engines do not differ in.

    A fixed number of rows is drawn as a whole.
    """
    density = case["log_prob"]["parity"]
    ends = [-1, *case.get("unsettled", ()), len(density)]
    if len(ends) == 2 or not ("n" in case or "context" in case):
        return case
    before, behind = max(itertools.pairwise(ends), key=lambda pair: pair[1] - pair[0])
    rows = slice(before + 1, behind)
    outputs = {name: {"parity": case[name]["parity"][rows]} for name in ("x", "log_prob")}
    context = {"context": case["context"][rows]} if "context" in case else {}
    return {**case, **outputs, **context, "first_row": case["first_row"] + before + 1}
