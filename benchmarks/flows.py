"""Learned flows against zuko: log_prob, sampling and a training step, interleaved in one run, on one thread.

    python benchmarks/flows.py [--json FILE]

Prints medians in milliseconds and their ratio to zuko's; graphs count the nodes of loops too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
import zuko

import flowspec
from flowspec.importers import from_zuko

FLOWS: dict[str, Callable] = {
    "MAF D=16, 5 layers, 128x128": lambda: zuko.flows.MAF(16, transforms=5, hidden_features=(128, 128)),
    "NSF D=8, 3 layers, 64x64, 8 bins": lambda: zuko.flows.NSF(8),
    "RealNVP D=16, 5 layers, 128x128": lambda: zuko.flows.RealNVP(16, transforms=5, hidden_features=(128, 128)),
}
ROWS = (1, 1024, 16384)
TRAINING_ROWS = 1024


def medians(calls: dict[str, Callable], repeats: int) -> dict[str, float]:
    """Median times in milliseconds, each call in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats + 2):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(found[2:]) for name, found in times.items()}


def training_step(module: torch.nn.Module, x: torch.Tensor) -> Callable:
    optimiser = torch.optim.Adam(module.parameters())

    def step():
        optimiser.zero_grad()
        (-module().log_prob(x).mean()).backward()
        optimiser.step()

    return step


def count(graph) -> int:
    """Nodes of a graph, those of its loops included."""
    inner = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
    return len(graph.node) + sum(map(count, inner))


def without_gradients(call: Callable) -> Callable:
    def wrapped():
        with torch.no_grad():
            return call()

    return wrapped


def measure(name: str, make: Callable, directory: Path) -> list[dict]:
    """Every figure of one flow."""
    oracle = make()
    model = from_zuko(oracle)
    module = flowspec.to_torch(model)
    start = time.perf_counter()
    flowspec.compile(model, directory / "bundle")
    export = time.perf_counter() - start
    nodes = {path.stem: count(onnx.load(path).graph) for path in sorted((directory / "bundle").glob("*.onnx"))}
    print(f"\n{name}: exported in {export:.2f} s, nodes {nodes}")
    bundle = flowspec.load(directory / "bundle", threads=1)
    found = []
    for rows in ROWS:
        repeats = 5 if rows > 10_000 else 21
        x = np.random.default_rng(0).normal(size=(rows, model.flow.space.size)).astype(np.float32)
        tensor = torch.tensor(x)
        scores = {
            "zuko": without_gradients(lambda t=tensor: oracle().log_prob(t)),
            "flowspec torch": without_gradients(lambda t=tensor: module().log_prob(t)),
            "flowspec onnxruntime": lambda x=x: bundle.log_prob(x),
        }
        draws = {
            "zuko": without_gradients(lambda n=rows: oracle().sample((n,))),
            "flowspec torch": without_gradients(lambda n=rows: module().sample((n,))),
            "flowspec onnxruntime": lambda n=rows: bundle.sample(n, seed=0),
        }
        found += [report("log_prob", rows, medians(scores, repeats)), report("sample", rows, medians(draws, repeats))]
    x = torch.randn(TRAINING_ROWS, model.flow.space.size)
    steps = {"zuko": training_step(oracle, x), "flowspec torch": training_step(module, x)}
    found.append(report("training step", TRAINING_ROWS, medians(steps, 21)))
    return [{"flow": name, "export_s": export, "nodes": nodes, **each} for each in found]


def report(what: str, rows: int, times: dict[str, float]) -> dict:
    """Print one line of the table."""
    told = "   ".join(f"{name} {value:8.2f} ms ({times['zuko'] / value:5.1f}x)" for name, value in times.items())
    print(f"{what:14}{rows:7} rows   {told}")
    return {"what": what, "rows": rows, "ms": times}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        everything = [line for name, make in FLOWS.items() for line in measure(name, make, Path(place) / name.split()[0])]
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1) + "\n")
