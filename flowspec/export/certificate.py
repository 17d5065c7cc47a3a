"""The certificate in `flow.json`: figures measured of an exported flow.

Figures are rounded up to one digit, so that the same flow gives the same file on every
machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowspec.export.solver import solver_error
from flowspec.export.vectors import SEED
from flowspec.ir.flow import Flow
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.verification import difference, difference_of_rows, unlisted

ROWS = 2048
NODES = 4001


def certificate(model: Model, compiled: Bundle, replay: dict[str, Any]) -> dict[str, Any]:
    """Round trip, parity, accuracy and normalisation of a flow's graphs.

    round_trip      largest |noise -> x -> density| difference of the two graphs'
                    log_prob, relative
                    to 1 + |log_prob|
    parity          largest difference to the same formulas in numpy, same float type,
                    relative to 1
                    + |value|
    accuracy        the same to float64
    solver          what twice as many steps of the differential equation's solver change,
                    in
                    float64, where there is one
    normalisation   |integral of the density - 1| in float64, where it can be integrated

    What takes a graph that the target does not get is left out.
    """
    dtype, density = compiled.dtype, replay["log_prob"]
    log_prob = compiled.graph("log_prob")
    points = {name: unlisted(density[name], dtype) for name in ("x", "context") if name in density}
    at_points = log_prob.run(["log_prob"], points)[0]
    # On the ends of the support, where `points` reach too, only parity can be asked for: there the
    # last digit of a float32 is worth a lot.
    expected = unlisted(density["log_prob"]["parity"], np.float64)
    parity = difference_of_rows(points, at_points, expected)
    measured: dict[str, Any] = {}
    if "from_noise" in compiled.graphs:
        case = replay["from_noise"]
        inputs = {
            name: unlisted(case[name], dtype) for name in ("noise", "context") if name in case
        }
        x, drawn = compiled.graph("from_noise").run(["x", "log_prob"], inputs)
        samples = {"x": x} | {name: value for name, value in inputs.items() if name == "context"}
        again = log_prob.run(["log_prob"], samples)[0]
        measured["round_trip"] = rounded_up(difference(again, drawn))
        parity = max(parity, _largest(x, drawn, case, "parity"))
        measured["parity"] = rounded_up(parity)
        measured["accuracy"] = rounded_up(_largest(x, drawn, case, "accurate"))
    else:
        measured["parity"] = rounded_up(parity)
    if (error := solver_error(model)) is not None:
        measured["solver"] = rounded_up(error)
    if (integral := normalization(model)) is not None:
        measured["normalisation"] = rounded_up(abs(integral - 1))
    return measured


def _largest(x: np.ndarray, log_prob: np.ndarray, expected: dict[str, Any], kind: str) -> float:
    return max(
        difference(x, unlisted(expected["x"][kind], np.float64)),
        difference(log_prob, unlisted(expected["log_prob"][kind], np.float64)),
    )


def rounded_up(value: float) -> float | None:
    """A figure rounded up to 1, 2 or 5 times a power of ten; null if it is infinite."""
    if value == 0 or not math.isfinite(value):
        return 0.0 if value == 0 else None
    power = 10.0 ** math.floor(math.log10(value))
    step = next(step for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-9))
    return float(f"{step * power:.0e}")


def normalization(model: Model) -> float | None:
    """The integral of the density, for scalar flows without a context and samples within
    the quadrature's reach.

    In the coordinate of the logistic function: x = image of t, which puts nodes where the
    samples are.
    """
    flow: Flow = model.flow
    if flow.context is not None or not flow.space.scalar or flow.space.intervals is None:
        return None
    interval = flow.space.intervals[0]
    standard = np.asarray(noise(NumpyOps(), np.asarray(SEED), np.arange(ROWS), list(flow.noise))).T
    samples = np.sort(model.from_noise(standard)[0])
    centre, width = (
        np.median(samples),
        max(samples[int(0.9 * ROWS)] - samples[int(0.1 * ROWS)], 1e-300),
    )
    t = np.linspace(-1, 1, NODES)[1:-1]
    # tanh-sinh: the nodes crowd towards both ends, where densities may have poles.
    s = np.sinh(3.5 * t) * math.pi / 2
    ds = 3.5 * np.cosh(3.5 * t) * math.pi / 2 * (t[1] - t[0])
    if interval.is_bounded:
        x = interval.low + (interval.high - interval.low) / (1 + np.exp(-2 * s))
        dx = (interval.high - interval.low) / (2 * np.cosh(s) ** 2) * ds
    elif math.isfinite(interval.low):
        x, dx = interval.low + width * np.exp(s), width * np.exp(s) * ds
    elif math.isfinite(interval.high):
        x, dx = interval.high - width * np.exp(s), width * np.exp(s) * ds
    else:
        x, dx = centre + width * np.sinh(s), width * np.cosh(s) * ds
    with np.errstate(all="ignore"):
        values = np.exp(model.log_prob(x)) * dx
    return float(np.nansum(np.where(np.isfinite(values), values, 0.0)))
