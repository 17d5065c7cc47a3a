"""The gradient of a log-density against the log-density itself, graph against graph.

    python benchmarks/gradients.py [--rows 1 1000] [--runs 200]

Both are run in turns. Prints the ratio of the medians of their times, and of their nodes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx

import flowspec

FLOWS = {
    "MAF D=16": "MAF(16, transforms=5, hidden=[128, 128])",
    "NSF D=8": "NSF(8, transforms=3, hidden=[64, 64])",
    "RealNVP D=16": "RealNVP(16, transforms=5, hidden=[128, 128])",
    "CNF D=4": "CNF(4)",
    "NAF D=3": "NAF(3)",
    "one line": "Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    print("flow           nodes  " + "  ".join(f"{rows:>6} rows" for rows in options.rows))
    for name, text in FLOWS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made"
            flowspec.compile(flowspec.parse(text), path, gradient="log_prob")
            nodes = [count(path / f"{graph}.onnx") for graph in ("log_prob_grad", "log_prob")]
            bundle = flowspec.load(path, threads=1)
            ratios = [ratio(bundle, rows, options.runs) for rows in options.rows]
        times = "  ".join(f"{each:11.2f}" for each in ratios)
        print(f"{name:<13} {nodes[0] / nodes[1]:6.2f}  {times}")


def count(path: Path) -> int:
    """The nodes of a graph, those of its loops included."""

    def inside(graph: onnx.GraphProto) -> int:
        bodies = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
        return len(graph.node) + sum(map(inside, bodies))

    return inside(onnx.load(path).graph)


def ratio(bundle: flowspec.Bundle, rows: int, runs: int) -> float:
    """Median time of the gradient over that of the density."""
    feeds = {"x": bundle.sample(rows, seed=1)}
    sessions = [bundle.session("log_prob_grad"), bundle.session("log_prob")]
    times: list[list[float]] = [[], []]
    for run in range(-10, runs):
        for session, own in zip(sessions, times, strict=True):
            begin = time.perf_counter()
            session.run(None, feeds)
            if run >= 0:
                own.append(time.perf_counter() - begin)
    gradient, density = map(statistics.median, times)
    return gradient / density


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
