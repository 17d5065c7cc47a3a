"""Replays the conformance vectors of a bundle in a runtime."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.quantities import amount
from flowspec.runtime.bundle import Bundle, load
from flowspec.runtime.formats import BrokenBundle
from flowspec.runtime.replay.engine import Engine, Missing, Values
from flowspec.runtime.replay.jobs import Job
from flowspec.runtime.replay.process import Answer, answers
from flowspec.runtime.replay.registry import engine_named
from flowspec.runtime.signatures import WHOLE_NUMBERS, as_vectors, inputs_of, outputs_of
from flowspec.runtime.targets import ROW

Vectors = dict[str, Any]
"""The content of a `vectors.json`."""

HOME = "onnxruntime"
"""The runtime that a bundle runs in, within this process; each other one has its own."""


FAR = 1e30
"""Numbers from here on are next to the overflow of float32."""


@mistake
class RuntimeMissing(Diagnostic):
    message = "the runtime {name} cannot be used here: {reason}"
    help = "{advice}"
    name: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Case:
    """The inputs of a graph, the outputs that it is to give, and how far off they may be.

    unsettled   rows whose outputs the float type does not determine: they are run and not compared
    """

    graph: str
    feeds: Values
    outputs: Values
    allowed: float
    unsettled: tuple[int, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """One output of one graph against its reference values, relative to 1 + |reference|.

    seconds   of one run of the graph
    reason    why it is not right: the words of an engine that refused the graph, or the rows that
              differ; "" where it is
    """

    graph: str
    output: str
    difference: float
    allowed: float
    rows: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.difference <= self.allowed

    def to_json(self) -> dict[str, Any]:
        difference = self.difference if math.isfinite(self.difference) else None
        return asdict(self) | {"difference": difference, "passed": self.passed}


def verify(directory: str | Path, runtime: str = HOME) -> list[Comparison]:
    """Compare every output of every graph with `vectors.json`.

    runtime   a name of `engine_names`
    Errors:   FlowError, where the bundle is broken, or the runtime is not installed.
    """
    bundle = load(directory)
    return replayed(bundle, vectors_of(bundle), runtime)


def vectors_of(bundle: Bundle) -> Vectors:
    """The content of `vectors.json`.

    Errors:  FlowError, where it is damaged.
    """
    try:
        vectors = json.loads(bundle.files["vectors.json"])
    except (ValueError, RecursionError):
        raise _damaged(bundle) from None
    if not isinstance(vectors, dict):
        raise _damaged(bundle)
    return vectors


def replayed(bundle: Bundle, vectors: Vectors, runtime: str = HOME) -> list[Comparison]:
    """Compare every output of every graph with vectors, such as `vectors.json` holds."""
    return replayed_cases(bundle, cases(bundle, vectors), runtime)


def replayed_cases(bundle: Bundle, found: Sequence[Case], runtime: str = HOME) -> list[Comparison]:
    """Compare every output of some cases."""
    engine = usable_engine(runtime)
    found = [case for case in found if engine.graphs is None or case.graph in engine.graphs]
    if runtime == HOME:
        given = [_at_home(bundle, case) for case in found]
    else:
        given = _elsewhere(engine, bundle, found)
    return [
        _explained(engine, comparison)
        for case, answer in zip(found, given, strict=True)
        for comparison in compared(case, answer)
    ]


def _explained(engine: Engine, comparison: Comparison) -> Comparison:
    place = f"{comparison.graph}.{comparison.output}"
    return replace(comparison, reason=engine.explained(place, comparison.reason))


def usable_engine(name: str) -> Engine:
    """An engine that is installed.

    Errors:  FlowError, where it is not.
    """
    engine = engine_named(name)
    try:
        engine.version()
    except Missing as missing:
        reason, advice = str(missing), engine.advice
        raise FlowError(RuntimeMissing(name=name, reason=reason, advice=advice)) from None
    return engine


def _elsewhere(engine: Engine, bundle: Bundle, found: Sequence[Case]) -> list[Answer]:
    jobs = [jobs_of(bundle, case) for case in found]
    given = iter(answers(engine, [job for group in jobs for job in group]))
    return [merged([next(given) for _ in group]) for group in jobs]


def jobs_of(bundle: Bundle, case: Case) -> list[Job]:
    """The jobs that a case of a bundle is to an engine, whose answers are `merged`."""
    path, outputs = bundle.path / f"{case.graph}.onnx", tuple(case.outputs)
    one_vector = bundle.description.one_vector
    every = [{ROW: row} for row in as_vectors(case.feeds)] if one_vector else [case.feeds]
    return [Job(path, feeds, outputs) for feeds in every]


def merged(given: Sequence[Answer]) -> Answer:
    """The answer to a case, from those to its jobs."""
    if len(given) == 1 or any(answer.reason for answer in given):
        return next((answer for answer in given if answer.reason), given[0])
    names = given[0].outputs
    rows = {name: np.concatenate([answer.outputs[name] for answer in given]) for name in names}
    return Answer(rows, sum(answer.seconds for answer in given), "")


def _at_home(bundle: Bundle, case: Case) -> Answer:
    graph, names = bundle.graph(case.graph), list(case.outputs)
    graph.run(names, case.feeds)  # the first run allocates
    start = time.perf_counter()
    outputs = dict(zip(names, graph.run(names, case.feeds), strict=True))
    return Answer(outputs, time.perf_counter() - start, "")


def compared(case: Case, answer: Answer) -> Iterator[Comparison]:
    """The outputs of an engine against those of a case."""
    if case.unsettled and not answer.reason:
        answer = replace(answer, outputs=_without(case.unsettled, answer.outputs, case))
        feeds, outputs = (_without(case.unsettled, v, case) for v in (case.feeds, case.outputs))
        case = replace(case, feeds=feeds, outputs=outputs, unsettled=())
    # A point outside the support comes from nowhere.
    nowhere = np.isneginf(case.outputs["log_prob"])
    for output, reference in case.outputs.items():
        lawful = nowhere if output == "z" else None
        apart, reason = math.inf, answer.reason
        if not reason:
            values = answer.outputs[output]
            apart = difference_of_rows(case.feeds, values, reference, lawful)
            reason = "" if apart <= case.allowed else _rows_apart(case, values, reference)
        rows, seconds = len(reference), answer.seconds
        yield Comparison(case.graph, output, apart, case.allowed, rows, seconds, reason)


def _without(rows: tuple[int, ...], values: Values, case: Case) -> Values:
    """The values without some rows, where they have as many as the case."""
    count = len(case.outputs["log_prob"])
    return {
        name: np.delete(value, rows, axis=0) if np.shape(value)[:1] == (count,) else value
        for name, value in values.items()
    }


def _rows_apart(case: Case, values: ArrayLike, reference: NDArray[Any]) -> str:
    """The rows that differ, in words."""
    if np.shape(values) != reference.shape:
        return f"its shape is {np.shape(values)}, not {reference.shape}"
    nothing = np.ones(len(reference), bool)
    apart = differences_of_rows(case.feeds, values, reference, nothing) > case.allowed
    if not apart.any():
        return "it is NaN where nothing that went in is NaN"
    rows = _rows_of(case.feeds)
    kinds = {
        "with NaN": _with_nan(case.feeds, len(apart)),
        "outside the support": np.isneginf(case.outputs["log_prob"]),
        "with 0": np.any([any_of_row(x == 0) for x in rows], axis=0),
        "next to the overflow": np.any([any_of_row(np.abs(x) > FAR) for x in rows], axis=0),
    }
    words, left = [], apart.copy()
    for kind, of_kind in kinds.items():
        if count := int((left & of_kind).sum()):
            words.append(f"{count} {kind}")
        left &= ~of_kind
    return f"{apart.sum()} of {amount(len(apart), 'row')} differ" + (
        f": {', '.join(words)}" if words else ""
    )


def cases(bundle: Bundle, vectors: Vectors) -> list[Case]:
    """The vectors of each graph.

    Errors:  FlowError, where something is missing in them.
    """
    try:
        found = [Case(*each) for each in _cases(vectors, bundle)]
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        raise _damaged(bundle) from None
    if not all(len(rows) for case in found for rows in case.outputs.values()):
        raise _damaged(bundle)
    return found


def _damaged(bundle: Bundle) -> FlowError:
    reason = "vectors.json is damaged"
    return FlowError(BrokenBundle(directory=str(bundle.path), reason=reason))


def _cases(
    vectors: Vectors, bundle: Bundle
) -> Iterator[tuple[str, Values, Values, float, tuple[int, ...]]]:
    for graph in bundle.graphs:
        case, said = vectors[graph], bundle.description
        whole = {name: np.array(case[name], np.int64) for name in WHOLE_NUMBERS if name in case}
        names = (
            [n for n in ("x", "context") if n in case]
            if said.one_vector
            else inputs_of(graph, said)
        )
        feeds = {
            name: whole[name] if name in WHOLE_NUMBERS else unlisted(case[name], bundle.dtype)
            for name in names
        }
        outputs = {
            name: unlisted(case[name]["parity"], np.float64) for name in outputs_of(graph, said)
        }
        tolerance = case.get("tolerance") or vectors["tolerance"]
        if not isinstance(tolerance["relative"], float):
            raise TypeError("a tolerance is a number")
        unsettled = tuple(case.get("unsettled", ()))
        if any(type(row) is not int or row < 0 for row in unsettled):
            raise TypeError("a row is a whole number")
        if len(unsettled) >= len(outputs["log_prob"]) or max(unsettled, default=0) >= len(
            outputs["log_prob"]
        ):
            raise ValueError("some rows are compared")
        yield graph, feeds, outputs, tolerance["relative"], unsettled


def difference(actual: ArrayLike, expected: ArrayLike) -> float:
    """Largest |found - expected| / (1 + |expected|); infinite where one is infinite or
    NaN and the other is not.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return math.inf
    return float(relative_difference(actual, expected).max(initial=0.0))


def relative_difference(actual: NDArray[Any], expected: NDArray[Any]) -> NDArray[Any]:
    """That of each number."""
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(all="ignore"):
        relative = np.abs(actual - expected) / (1 + np.abs(expected))
    return np.where(same, 0.0, np.where(np.isnan(relative), np.inf, relative))


def difference_of_rows(
    inputs: Values,
    actual: ArrayLike,
    expected: ArrayLike,
    nowhere: NDArray[np.bool_] | None = None,
) -> float:
    """The same for what was computed of some rows.

    Rows with subnormal numbers do not count: engines may take those for 0. Of rows without
    NaN nothing is NaN, also where both sides agree that it is; but those of `nowhere` are.
    """
    if np.shape(actual) != np.shape(expected):
        return math.inf
    lawful = np.zeros(len(np.asarray(expected)), bool) if nowhere is None else nowhere
    return float(differences_of_rows(inputs, actual, expected, lawful).max(initial=0.0))


def differences_of_rows(
    inputs: Values, actual: ArrayLike, expected: ArrayLike, lawful: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """That of each row.

    lawful   rows that may be NaN on both sides, besides those with NaN in them
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    apart = (
        relative_difference(actual, expected).reshape(len(expected), -1).max(axis=1, initial=0.0)
    )
    lawful = lawful | _with_nan(inputs, len(expected))
    apart = np.where(any_of_row(np.isnan(expected)) & ~lawful, np.inf, apart)
    for x in _rows_of(inputs):
        apart = np.where(any_of_row(is_subnormal(x)), 0.0, apart)
    return apart


def _rows_of(inputs: Values) -> list[NDArray[Any]]:
    return [x for x in inputs.values() if x.ndim and x.dtype.kind == "f"]


def _with_nan(inputs: Values, rows: int) -> NDArray[np.bool_]:
    found = np.zeros(rows, bool)
    for x in _rows_of(inputs):
        found |= any_of_row(np.isnan(x))
    return found


def is_subnormal(x: NDArray[Any]) -> NDArray[np.bool_]:
    """True for numbers that are closer to 0 than a float type holds with all digits."""
    return (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny)


def any_of_row(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True for rows (N,) of which one number is."""
    return np.asarray(values.reshape(len(values), -1).any(axis=1))


def unlisted(rows: list[Any], dtype: DTypeLike) -> NDArray[Any]:
    """The array that a list of `vectors.json` stands for: NaN and infinities are written
    as words.
    """
    names = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    if rows and isinstance(rows[0], list):
        return np.array([[names.get(v, v) for v in row] for row in rows], dtype)
    return np.array([names.get(v, v) for v in rows], dtype)
