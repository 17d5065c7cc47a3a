"""Replays the conformance vectors of a bundle in a runtime."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.runtime.bundle import Bundle, load
from flowspec.runtime.formats import BrokenBundle
from flowspec.runtime.signatures import WHOLE_NUMBERS, inputs_of, outputs_of

Vectors = dict[str, Any]
"""The content of a `vectors.json`."""

Values = dict[str, NDArray[Any]]
"""Inputs or outputs of a graph, by name."""

Runner = Callable[[list[str], Values], list[NDArray[Any]]]


@dataclass(frozen=True)
class Case:
    """The inputs of a graph, and the outputs that it is to give."""

    graph: str
    feeds: Values
    outputs: Values


@dataclass(frozen=True)
class Comparison:
    """One output of one graph against its reference values, relative to 1 + |reference|."""

    graph: str
    output: str
    difference: float
    allowed: float

    @property
    def passed(self) -> bool:
        return self.difference <= self.allowed

    def to_json(self) -> dict[str, Any]:
        difference = self.difference if math.isfinite(self.difference) else None
        return asdict(self) | {"difference": difference, "passed": self.passed}


def verify(directory: str | Path, runtime: str = "onnxruntime") -> list[Comparison]:
    """Compare every output of every graph with `vectors.json`.

    runtime   "onnxruntime", or "reference" for the evaluator of the onnx package
    Errors:   FlowError, where the bundle is broken.
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


def replayed(bundle: Bundle, vectors: Vectors, runtime: str = "onnxruntime") -> list[Comparison]:
    """Compare every output of every graph with vectors, such as `vectors.json` holds."""
    differences = []
    for case in cases(bundle, vectors):
        outputs = _runner(bundle, case.graph, runtime)(list(case.outputs), case.feeds)
        for (output, reference), values in zip(case.outputs.items(), outputs, strict=True):
            allowed = vectors["tolerance"]["relative"]
            # A point outside the support comes from nowhere.
            nowhere = np.isneginf(case.outputs["log_prob"]) if output == "z" else None
            found = difference_of_rows(case.feeds, values, reference, nowhere)
            differences.append(Comparison(case.graph, output, found, allowed))
    return differences


def cases(bundle: Bundle, vectors: Vectors) -> list[Case]:
    """The vectors of each graph.

    Errors:  FlowError, where something is missing in them.
    """
    try:
        found = [Case(*each) for each in _cases(vectors, bundle)]
        whole = isinstance(vectors["tolerance"]["relative"], float)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        raise _damaged(bundle) from None
    if not whole or not all(len(rows) for case in found for rows in case.outputs.values()):
        raise _damaged(bundle)
    return found


def _damaged(bundle: Bundle) -> FlowError:
    reason = "vectors.json is damaged"
    return FlowError(BrokenBundle(directory=str(bundle.path), reason=reason))


def _cases(vectors: Vectors, bundle: Bundle) -> Iterator[tuple[str, Values, Values]]:
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
        yield graph, feeds, outputs


def _runner(bundle: Bundle, name: str, runtime: str) -> Runner:
    if runtime == "reference":
        from onnx.reference import ReferenceEvaluator  # slow to load, and asked for by name only

        evaluator = ReferenceEvaluator(str(bundle.path / f"{name}.onnx"))

        def evaluate(names: list[str], feeds: Values) -> list[NDArray[Any]]:
            with np.errstate(all="ignore"):  # both branches of a `Where` are computed
                return list(evaluator.run(names, feeds))

        return evaluate
    return bundle.graph(name).run


def difference(actual: ArrayLike, expected: ArrayLike) -> float:
    """Largest |found - expected| / (1 + |expected|); infinite where one is infinite or
    NaN and the other is not.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return math.inf
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(all="ignore"):
        relative = np.abs(actual - expected) / (1 + np.abs(expected))
    relative = np.where(np.isnan(relative), np.inf, relative)
    return float(np.where(same, 0.0, relative).max(initial=0.0))


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
    rows = [x for x in inputs.values() if x.ndim and x.dtype.kind == "f"]
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return math.inf
    counted = np.ones(len(expected), bool)
    for x in rows:
        counted &= ~_any_of_row(is_subnormal(x))
    lawful = np.zeros(len(expected), bool) if nowhere is None else nowhere
    for x in rows:
        lawful = lawful | _any_of_row(np.isnan(x))
    if (_any_of_row(np.isnan(expected)) & counted & ~lawful).any():
        return math.inf
    return difference(actual[counted], expected[counted])


def is_subnormal(x: NDArray[Any]) -> NDArray[np.bool_]:
    """True for numbers that are closer to 0 than a float type holds with all digits."""
    return (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny)


def _any_of_row(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(values.reshape(len(values), -1).any(axis=1))


def unlisted(rows: list[Any], dtype: DTypeLike) -> NDArray[Any]:
    """The array that a list of `vectors.json` stands for: NaN and infinities are written
    as words.
    """
    names = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    if rows and isinstance(rows[0], list):
        return np.array([[names.get(v, v) for v in row] for row in rows], dtype)
    return np.array([names.get(v, v) for v in rows], dtype)
