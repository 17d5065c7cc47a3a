"""Accuracy of every base and step against 50 digits: `python benchmarks/accuracy.py [NAME ...]`.

For each example of the registry, the largest error of onnxruntime's log_prob at 40 samples,
relative to 1 + |log_prob|, against the same formulas at 50 digits on the same rounded inputs. Two
figures are kept apart: float32 and float64.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import onnxruntime

from flowspec.export.graphs import log_prob_graph, serialize
from flowspec.export.targets import Target
from flowspec.ir import registry
from flowspec.language.catalogue import example_flow
from flowspec.language.reading import parse
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.mpmath import MpmathOps
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise

ROWS = 40


def examples(wanted: list[str]):
    """(name, example, flow) of every example."""
    for name, kind in registry.bases().items():
        if not wanted or name in wanted:
            yield from ((name, example, parse(example)) for example in kind.examples)
    for name, kind in registry.transforms().items():
        if not wanted or name in wanted:
            yield from ((name, example, example_flow(kind, example)) for example in kind.examples)


def error(model: Model, dtype: str) -> float:
    """Largest error of the graph against 50 digits."""
    target = Target(dtype)
    standard = noise(NumpyOps(dtype), np.int64(1), np.arange(ROWS), list(model.flow.noise)).T
    x, _ = model.from_noise(standard, dtype=np.dtype(dtype))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    data = serialize("log_prob", log_prob_graph(model.fixed, target), target, "")
    found = onnxruntime.InferenceSession(data, options).run(None, {"x": x})[0]
    ops = MpmathOps()
    exact = density.log_prob(ops, bind(ops, model.fixed), ops.constant(x.T.astype(np.float64)))
    exact = np.broadcast_to(np.asarray(exact, object), x.shape[:1]).astype(float)
    return float(np.max(np.abs(found - exact) / (1 + np.abs(exact))))


def main(wanted: list[str]) -> None:
    print(f"{'part':20} {'float32':>9} {'float64':>9}  example")
    for name, example, flow in examples(wanted):
        model = Model(flow)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figures = [error(model, dtype) for dtype in ("float32", "float64")]
        print(f"{name:20} {figures[0]:9.1e} {figures[1]:9.1e}  {example[:80]}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
