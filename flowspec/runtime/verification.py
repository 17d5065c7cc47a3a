"""Replays the conformance vectors of a bundle in a runtime."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.runtime.bundle import Bundle, load
from flowspec.runtime.formats import BrokenBundle

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
            differences.append(
                Comparison(
                    case.graph, output, difference_of_rows(case.feeds, values, reference), allowed
                )
            )
    return differences


def cases(bundle: Bundle, vectors: Vectors) -> list[Case]:
    """The vectors of each graph.

    Errors:  FlowError, where something is missing in them.
    """
    try:
        found = [Case(*each) for each in _cases(vectors, bundle.dtype, bundle.about)]
        whole = isinstance(vectors["tolerance"]["relative"], float)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        raise _damaged(bundle) from None
    if not whole or not all(len(rows) for case in found for rows in case.outputs.values()):
        raise _damaged(bundle)
    return found


def _damaged(bundle: Bundle) -> FlowError:
    reason = "vectors.json is damaged"
    return FlowError(BrokenBundle(directory=str(bundle.path), reason=reason))


def _cases(
    vectors: Vectors, dtype: np.dtype[Any], about: Mapping[str, Any]
) -> Iterator[tuple[str, Values, Values]]:
    density = vectors["log_prob"]
    yield "log_prob", _feeds(density, ["x", "context"], dtype), _parity(density, ["log_prob"])
    yield (
        "from_noise",
        _feeds(vectors["from_noise"], ["noise", "context"], dtype),
        _parity(vectors["from_noise"], ["x", "log_prob"]),
    )
    drawn = vectors["sample"]
    whole = {name: np.array(drawn[name], np.int64) for name in ("seed", "first_row", "n")}
    if "context" in drawn or about["batch"] is not None:
        del whole["n"]
    yield "sample", whole | _feeds(drawn, ["context"], dtype), _parity(drawn, ["x", "log_prob"])


def _feeds(case: Vectors, names: list[str], dtype: DTypeLike) -> Values:
    return {name: unlisted(case[name], dtype) for name in names if name in case}


def _parity(case: Vectors, names: list[str]) -> Values:
    return {name: unlisted(case[name]["parity"], np.float64) for name in names}


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


def difference_of_rows(inputs: Values, actual: ArrayLike, expected: ArrayLike) -> float:
    """The same for what was computed of some rows.

    Rows with subnormal numbers do not count: engines may take those for 0. Of rows without
    NaN nothing is NaN, also where both sides agree that it is.
    """
    rows = [x for x in inputs.values() if x.ndim and x.dtype.kind == "f"]
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return math.inf
    counted = np.ones(len(expected), bool)
    for x in rows:
        counted &= ~_any_of_row(is_subnormal(x))
    lawful = np.zeros(len(expected), bool)
    for x in rows:
        lawful |= _any_of_row(np.isnan(x))
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
