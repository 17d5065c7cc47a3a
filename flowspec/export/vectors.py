"""Conformance vectors: inputs and float64 reference outputs that any runtime can replay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.ir.flow import Flow
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.ops.tape import Tape
from flowspec.ops.tape.replay import replay
from flowspec.runtime.verification import is_subnormal
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


def vectors(model: Model, dtype: str, rows: int | None, tapes: Tapes) -> dict[str, Any]:
    """The content of `vectors.json`, for the graphs of these tapes.

    `parity` values come from the numpy interpreter in the graph's own float type,
    `accurate` ones from float64 on the same (rounded) input: two figures that say
    different things.

    rows   the fixed batch of the graphs, or None
    """
    flow, count = model.flow, rows or ROWS
    context = example_context(flow, count, dtype)
    standard = np.asarray(
        noise(NumpyOps(dtype), np.asarray(SEED), np.arange(count), list(flow.noise))
    ).T
    x, log_prob = model.from_noise(standard, context, dtype=np.dtype(dtype))
    exact_x, exact_log_prob = model.from_noise(standard.astype(np.float64), _double(context))
    points = _points(flow, x)
    point_context = None if context is None else context[np.arange(len(points)) % count]
    density = {
        "x": listed(points),
        "log_prob": {
            "parity": listed(model.log_prob(points, point_context, dtype=np.dtype(dtype))),
            "accurate": listed(model.log_prob(points, _double(point_context))),
        },
    }
    at_points = {"x": listed(points)} | (
        {} if point_context is None else {"context": listed(point_context)}
    )
    z, _ = model.to_base(points, point_context, dtype=np.dtype(dtype))
    exact_z, _ = model.to_base(points, _double(point_context))
    based = {
        "z": {"parity": listed(z), "accurate": listed(exact_z)},
        "log_prob": density["log_prob"],
    }
    if (subnormal := np.flatnonzero(is_subnormal(points).reshape(len(points), -1).any(1))).size:
        # Engines that take such numbers for 0 are not wrong: they replay the other rows.
        density["subnormal"] = subnormal.tolist()
    drawn = {
        "x": {"parity": listed(x), "accurate": listed(exact_x)},
        "log_prob": {"parity": listed(log_prob), "accurate": listed(exact_log_prob)},
    }
    context_entry = {} if context is None else {"context": listed(context)}
    return {
        "about": "NaN, Infinity and -Infinity are written as strings. `parity` "
        "holds to the tolerance in every runtime, but for the rows of `subnormal`; "
        "`accurate` is float64.",
        "dtype": dtype,
        "tolerance": TOLERANCES[dtype],
        "log_prob": density | ({} if point_context is None else {"context": listed(point_context)}),
        "from_noise": {"noise": listed(standard)} | context_entry | drawn,
        "sample": {"seed": SEED, "first_row": 0, "n": count} | context_entry | drawn,
        "to_base": at_points | based,
        **_gradients(
            tapes,
            {"log_prob_grad": (points, point_context), "from_noise_grad": (standard, context)},
        ),
    }


Tapes = Mapping[str, Tape]
"""Recorded graphs, by the names of their files."""


def _gradients(
    tapes: Tapes, data: Mapping[str, tuple[np.ndarray, np.ndarray | None]]
) -> dict[str, Any]:
    """Inputs and outputs of the graphs of gradients that there are."""
    found: dict[str, Any] = {}
    for graph, (points, context) in data.items():
        if f"{graph}.onnx" in tapes:
            tape = tapes[f"{graph}.onnx"]
            feeds = gradient_feeds(tape, points, context)
            outputs = {
                name: {"parity": listed(value)} for name, value in replayed(tape, feeds).items()
            }
            found[graph] = {name: listed(value) for name, value in feeds.items()} | outputs
    return found


def gradient_feeds(
    tape: Tape, points: np.ndarray, context: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Inputs of a graph: its points or its noise, the context, and cotangents between -1 and 1."""
    feeds: dict[str, np.ndarray] = {}
    for name, entry in tape.inputs.items():
        if name == "context" and context is not None:
            feeds[name] = context
        elif name.endswith("_cotangent"):
            shape = (len(points), *(size or 1 for size in entry.shape[1:]))
            feeds[name] = np.cos(np.arange(math.prod(shape))).reshape(shape).astype(points.dtype)
        else:
            feeds[name] = points
    return feeds


def replayed(tape: Tape, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a recorded graph by the numpy reference, in the graph's float type."""
    with np.errstate(all="ignore"):
        found = replay(tape, NumpyOps(tape.dtype), feeds)
    return {name: np.asarray(value, tape.dtype) for name, value in found.items()}


def _points(flow: Flow, x: np.ndarray) -> np.ndarray:
    """Samples, and points outside the support, on its ends and NaN, as many as there are
    samples."""
    intervals = flow.space.intervals
    special = [math.nan, math.inf, -math.inf, 0.0]
    for interval in set(intervals or ()):
        special += _around(interval, x.dtype)
    points = x.copy()
    for row, value in enumerate(special[: len(x) // 2]):
        if points.ndim == 1:
            points[row] = value
        else:
            points[row, row % points.shape[1]] = value
    return points


def _around(interval: Interval, dtype: np.dtype[Any]) -> list[float]:
    low, high = beyond((interval,), dtype)
    inside = np.nextafter(low, high, dtype=dtype), np.nextafter(high, low, dtype=dtype)
    return [float(end[0]) for end in (low, high, *inside) if np.isfinite(end[0])]


def example_context(flow: Flow, count: int, dtype: str) -> np.ndarray | None:
    """Values of the context, spread over its supports."""
    if flow.context is None:
        return None
    spread = np.linspace(0.2, 0.8, count)
    columns = [
        _within(part, np.roll(spread, 5 * i))
        for i, part in enumerate(flow.context.space.intervals or ())
    ]
    return np.stack(columns, axis=1).astype(dtype)


def _within(part: Interval, share: np.ndarray) -> np.ndarray:
    """Numbers of an interval, from numbers in (0, 1)."""
    if part.is_bounded:
        return part.low + (part.high - part.low) * share
    if math.isfinite(part.low):
        return part.low + 2 * share
    return part.high - 2 * share if math.isfinite(part.high) else 4 * share - 2


def _double(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else array.astype(np.float64)


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
