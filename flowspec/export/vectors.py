"""Conformance vectors: inputs and float64 reference outputs that any runtime can replay."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.export.graphs import GRADIENTS
from flowspec.export.targets import Target
from flowspec.ir.flow import Flow
from flowspec.model.contexts import example_context
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.ops.tape import Tape
from flowspec.ops.tape.replay import replay
from flowspec.runtime.verification import FAR, any_of_row, is_subnormal, relative_difference
from flowspec.support.membership import beyond
from flowspec.support.support import Interval

ROWS = 24
SEED = 20240229
TOLERANCES = {
    "float32": {"relative": 1e-5, "absolute": 1e-5},
    "float64": {"relative": 1e-12, "absolute": 1e-12},
}
"""Allowed difference to the parity values, those of the same formulas in the same float
type.
"""


LOSS = 8.0
"""How many times what a float type loses of a graph's values two runtimes may differ."""


STEPS = 8
"""Steps of the float type from a point to its neighbors, among which a gradient may jump."""

JUMP = 1e-3
"""A difference, relative to 1 + |value|, between neighbors that no smooth gradient has."""


def vectors(model: Model, target: Target, graphs: Collection[str]) -> dict[str, Any]:
    """The content of `vectors.json`, for graphs of these names.

    `parity` values come from the numpy interpreter in the graph's own float type,
    `accurate` ones from float64 on the same (rounded) input: two figures that say
    different things.
    """
    cases = {name: _case(graph_inputs(name, model, target), name, model, target) for name in graphs}
    return {
        "about": "NaN, Infinity and -Infinity are written as strings. `parity` holds to the "
        "tolerance in every runtime, but for the rows of `subnormal`, and those of `unsettled`, "
        "which the float type does not determine; `accurate` is float64. A graph whose "
        "values are known to fewer digits has a tolerance of its own.",
        "dtype": target.dtype,
        "tolerance": TOLERANCES[target.dtype],
        **cases,
    }


def _case(feeds: Feeds, graph: str, model: Model, target: Target) -> dict[str, Any]:
    """Inputs and outputs of one graph."""
    parity = outputs(graph, model, target, feeds)
    exact = replace(target, dtype="float64", data=target.dtype)
    accurate = outputs(graph, model, exact, feeds)
    points = next((feeds[name] for name in ("x", "noise") if name in feeds), None)
    case: dict[str, Any] = {
        name: value.tolist() if value.dtype.kind == "i" else listed(value)
        for name, value in feeds.items()
    }
    for name, value in parity.items():
        case[name] = {"parity": listed(value), "accurate": listed(accurate[name])}
    if points is not None:
        subnormal = np.flatnonzero(any_of_row(is_subnormal(points)))
        if subnormal.size:
            # Engines that take such numbers for 0 are not wrong: they replay the other rows.
            case["subnormal"] = subnormal.tolist()
    relative = allowed_difference(model.flow, feeds, parity, accurate, target.dtype)
    if relative > TOLERANCES[target.dtype]["relative"]:
        case["tolerance"] = {"relative": relative, "absolute": relative}
    slopes = graph.endswith("_grad")
    sides = (-1, 1) if slopes else ()
    nearby = [outputs(graph, model, exact, moved(feeds, side)) for side in sides]
    open_rows = unsettled(parity, accurate, nearby, relative)
    if not slopes:
        near = [accurate[name] for name in accurate] + ([] if points is None else [points])
        open_rows &= np.any([any_of_row(np.abs(value) > FAR) for value in near], axis=0)
    if open_rows.any():
        case["unsettled"] = np.flatnonzero(open_rows).tolist()
    return case


def moved(feeds: Feeds, side: int) -> Feeds:
    """The inputs with points moved by some steps of their float type, all to one side."""
    steps = {
        name: np.finfo(x.dtype).eps * (1 + np.abs(x))
        for name, x in feeds.items()
        if name in ("x", "noise")
    }
    with np.errstate(all="ignore"):
        return feeds | {
            name: (feeds[name] + side * STEPS * step).astype(feeds[name].dtype)
            for name, step in steps.items()
        }


def unsettled(
    parity: Feeds, accurate: Feeds, nearby: Sequence[Feeds], allowed: float
) -> NDArray[np.bool_]:
    """True for rows that the float type does not determine.

    Next to the overflow it and float64 differ. On knots of splines gradients jump, and rounding
    chooses the side: `nearby` has the accurate values at points next to these.
    """
    apart = [
        any_of_row(relative_difference(parity[name], accurate[name]) > allowed) for name in parity
    ]
    for neighbors in nearby:
        inside = np.isfinite(neighbors["log_prob"]) & np.isfinite(accurate["log_prob"])
        apart += [
            inside & any_of_row(relative_difference(value, accurate[name]) > JUMP)
            for name, value in neighbors.items()
        ]
    found: NDArray[np.bool_] = np.any(apart, axis=0)
    return found


def allowed_difference(
    flow: Flow, feeds: Feeds, parity: Feeds, accurate: Feeds, dtype: str
) -> float:
    """The difference that two runtimes may have: what the float type loses, several times.

    Next to the overflow, and on ends, it would be anything: of special points it is not asked.
    """
    first = 0
    if "x" in feeds:
        first = min(len(_special_values(flow, np.dtype(dtype))), len(feeds["x"]) // 2)
    lost = max(_lost(value[first:], accurate[name][first:]) for name, value in parity.items())
    return max(TOLERANCES[dtype]["relative"], float(f"{LOSS * lost:.1g}"))


def _lost(parity: np.ndarray, accurate: np.ndarray) -> float:
    one, other = parity.astype(float), accurate
    # Next to the overflow nothing is known.
    known = np.isfinite(one) & np.isfinite(other) & (np.abs(other) < FAR)
    off = np.abs(one[known] - other[known]) / (1 + np.abs(other[known]))
    return float(off.max(initial=0.0))


Feeds = dict[str, np.ndarray]
"""Inputs or outputs of a graph, by name."""


def graph_inputs(graph: str, model: Model, target: Target) -> Feeds:
    """Inputs of a graph, as its conformance is tested with them."""
    flow, count, dtype = model.flow, target.batch or ROWS, target.dtype
    context = example_context(flow, count, dtype)
    standard = _standard(flow, count, dtype)
    if graph == "sample":
        feeds = {"seed": np.array(SEED), "first_row": np.array(0), "n": np.array(count)}
    elif graph in ("from_noise", "from_noise_grad"):
        feeds = {"noise": standard}
    else:
        x, _ = model.from_noise(standard, context, dtype=np.dtype(dtype))
        feeds = {"x": _points(flow, x)}
    if context is not None:
        feeds["context"] = context
    if graph == "from_noise_grad":
        row = () if flow.space.scalar else (flow.space.size,)
        for name, shape in (("x", (count, *row)), ("log_prob", (count,))):
            waves = np.cos(np.arange(math.prod(shape))).reshape(shape)
            feeds[f"{name}_cotangent"] = waves.astype(dtype)
    return feeds


def outputs(graph: str, model: Model, target: Target, feeds: Feeds) -> Feeds:
    """The outputs of a graph by the numpy reference, in the float type of the target.

    The points of `feeds` keep the float type that they have.
    """
    dtype, context = np.dtype(target.dtype), feeds.get("context")
    if f"{graph}.onnx" in GRADIENTS:
        tape = GRADIENTS[f"{graph}.onnx"](model.fixed, target)
        return replayed(tape, {name: value.astype(dtype) for name, value in feeds.items()})
    context = context if context is None or dtype == context.dtype else context.astype(dtype)
    if graph == "log_prob":
        return {"log_prob": model.log_prob(feeds["x"], context, dtype)}
    if graph == "to_base":
        z, log_prob = model.to_base(feeds["x"], context, dtype)
        return {"z": z, "log_prob": log_prob}
    standard = feeds["noise"] if graph == "from_noise" else _drawn(model, feeds, target)
    x, log_prob = model.from_noise(standard.astype(dtype), context, dtype)
    return {"x": x, "log_prob": log_prob}


def _drawn(model: Model, feeds: Feeds, target: Target) -> np.ndarray:
    """The standard noise that a seed stands for."""
    count = len(feeds["context"]) if "context" in feeds else int(feeds.get("n", target.batch or 0))
    rows, kinds = feeds["first_row"] + np.arange(count), list(model.flow.noise)
    return np.asarray(noise(NumpyOps(target.data or target.dtype), feeds["seed"], rows, kinds)).T


def replayed(tape: Tape, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a recorded graph by the numpy reference, in the graph's float type."""
    with np.errstate(all="ignore"):
        found = replay(tape, NumpyOps(tape.dtype), feeds)
    return {name: np.asarray(value, tape.dtype) for name, value in found.items()}


def _standard(flow: Flow, count: int, dtype: str) -> np.ndarray:
    """Standard noise of so many rows."""
    rows = np.arange(count)
    return np.asarray(noise(NumpyOps(dtype), np.asarray(SEED), rows, list(flow.noise))).T


def _points(flow: Flow, x: np.ndarray) -> np.ndarray:
    """Samples, and points outside the support, on its ends and NaN, as many as there are
    samples."""
    points = x.copy()
    for row, value in enumerate(_special_values(flow, x.dtype)[: len(x) // 2]):
        if points.ndim == 1:
            points[row] = value
        else:
            points[row, row % points.shape[1]] = value
    return points


def _special_values(flow: Flow, dtype: np.dtype[Any]) -> list[float]:
    special = [math.nan, math.inf, -math.inf, 0.0]
    for interval in dict.fromkeys(flow.space.intervals or ()):
        special += _around(interval, dtype)
    return special


def _around(interval: Interval, dtype: np.dtype[Any]) -> list[float]:
    low, high = beyond((interval,), dtype)
    inside = np.nextafter(low, high, dtype=dtype), np.nextafter(high, low, dtype=dtype)
    return [float(end[0]) for end in (low, high, *inside) if np.isfinite(end[0])]


def listed(array: NDArray[Any]) -> list[Any]:
    """Nested lists with the digits that matter: 9 of a float32, 17 of a float64."""
    if array.ndim > 1:
        return [listed(row) for row in array]
    digits = 9 if array.dtype == np.float32 else 17
    return [_number(float(f"{value:.{digits}g}")) for value in array]


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
