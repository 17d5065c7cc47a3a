"""Learned flows against zuko and other libraries: log_prob and sampling.

Steps of a training: training.py.

All are interleaved in one run.

    python benchmarks/flows.py [--threads 1] [--only MAF] [--rows 1 1024 65536] [--compile]
                               [--json FILE]

Prints medians in milliseconds and their ratio to zuko's; graphs count the nodes of loops too.
`--compile` adds zuko and FlowSpec through `torch.compile`. Other libraries take part where they
are installed: see peers.py. The process is kept on as many cores as there are threads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
import zuko
from figures import Table, write
from peers import Architecture, compiled, peers

import flowspec
from flowspec.importers import from_zuko


def spline_coupling(size: int) -> zuko.flows.Flow:
    """Coupling layers of splines; zuko has the parts."""
    masks = [torch.arange(size) % 2 == i % 2 for i in range(5)]
    shapes = [(8,), (8,), (7,)]
    univariate = zuko.transforms.MonotonicRQSTransform
    layers = [
        zuko.flows.GeneralCouplingTransform(
            size, mask=mask, univariate=univariate, shapes=shapes, hidden_features=(128, 128)
        )
        for mask in masks
    ]
    return zuko.flows.Flow(layers, zuko.flows.MAF(size).base)


FLOWS: dict[str, tuple[Callable, Architecture]] = {
    "MAF D=16, 5 layers, 128x128": (
        lambda: zuko.flows.MAF(16, transforms=5, hidden_features=(128, 128)),
        Architecture(16, 5, 128, spline=False),
    ),
    "NSF D=8, 3 layers, 64x64, 8 bins": (
        lambda: zuko.flows.NSF(8),
        Architecture(8, 3, 64, spline=True),
    ),
    "RealNVP D=16, 5 layers, 128x128": (
        lambda: zuko.flows.RealNVP(16, transforms=5, hidden_features=(128, 128)),
        Architecture(16, 5, 128, spline=False, coupling=True),
    ),
    "NSF coupling D=16, 5 layers, 128x128": (
        lambda: spline_coupling(16),
        Architecture(16, 5, 128, spline=True, coupling=True),
    ),
}

TURN = 0.02
"""Seconds that a turn of one call takes at least.

Short calls are repeated, as a program that makes many would.
"""

SLOW = 3.0
"""Seconds from which on two calls have to do; the first may have compiled something."""


def medians(calls: dict[str, Callable], repeats: int) -> dict[str, float]:
    """Median times in milliseconds; the calls take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    counts = dict.fromkeys(calls, 1)
    for _ in range(repeats + 2):
        for name, call in calls.items():
            if len(times[name]) > 1 and times[name][-1] > 1e3 * SLOW:
                continue
            start = time.perf_counter()
            for _ in range(counts[name]):
                call()
            each = (time.perf_counter() - start) / counts[name]
            counts[name] = max(1, round(TURN / each))
            times[name].append(1e3 * each)
    return {name: statistics.median(found[2:] or found[-1:]) for name, found in times.items()}


def count(graph) -> int:
    """Nodes of a graph, those of its loops included."""
    inner = [
        attribute.g
        for node in graph.node
        for attribute in node.attribute
        if attribute.HasField("g")
    ]
    return len(graph.node) + sum(map(count, inner))


def without_gradients(call: Callable) -> Callable:
    def wrapped():
        with torch.no_grad():
            return call()

    return wrapped


def measure(
    name: str, make: Callable, wanted: Architecture, directory: Path, options
) -> list[dict]:
    """Every figure of one flow."""
    # So many graphs of one function as there are flows would make torch.compile give up.
    torch._dynamo.reset()
    oracle = make()
    model = from_zuko(oracle)
    module = flowspec.to_torch(model)
    start = time.perf_counter()
    flowspec.compile(model, directory / "bundle")
    export = time.perf_counter() - start
    nodes = {
        path.stem: count(onnx.load(path).graph)
        for path in sorted((directory / "bundle").glob("*.onnx"))
    }
    print(f"\n{name}: exported in {export:.2f} s, nodes {nodes}")
    bundle = flowspec.load(directory / "bundle", threads=options.threads)
    others = peers(wanted)
    if options.compile:
        others |= {"zuko compiled": compiled(oracle), "flowspec compiled": compiled(module)}
    found = []
    for rows in options.rows:
        repeats = 3 if rows > 10_000 else 11
        x = np.random.default_rng(0).normal(size=(rows, model.flow.space.size)).astype(np.float32)
        tensor = torch.tensor(x)
        scores = {
            "zuko": without_gradients(lambda t=tensor: oracle().log_prob(t)),
            "flowspec torch": without_gradients(lambda t=tensor: module().log_prob(t)),
            "flowspec onnxruntime": lambda x=x: bundle.log_prob(x),
            **{
                each: without_gradients(lambda t=tensor, p=peer: p.log_prob(t))
                for each, peer in others.items()
            },
        }
        draws = {
            "zuko": without_gradients(lambda n=rows: oracle().sample((n,))),
            "flowspec torch": without_gradients(lambda n=rows: module().sample((n,))),
            "flowspec onnxruntime": lambda n=rows: bundle.sample(n, seed=0),
            **{
                each: without_gradients(lambda n=rows, p=peer: p.sample(n))
                for each, peer in others.items()
                if peer.sample
            },
        }
        found += [
            report("log_prob", rows, medians(scores, repeats)),
            report("sample", rows, medians(draws, repeats)),
        ]
    return [{"flow": name, "export_s": export, "nodes": nodes, **each} for each in found]


def report(what: str, rows: int, times: dict[str, float]) -> dict:
    """Print one line of the table."""
    told = "   ".join(
        f"{name} {value:8.2f} ms ({times['zuko'] / value:5.1f}x)" for name, value in times.items()
    )
    print(f"{what:14}{rows:7} rows   {told}")
    return {"what": what, "rows": rows, "ms": times}


def table(flow: str, everything: list[dict]) -> Table:
    """The lines of one flow, in milliseconds, and how many times faster than zuko in brackets."""
    lines = [each for each in everything if each["flow"] == flow]
    names = list(dict.fromkeys(name for each in lines for name in each["ms"]))
    rows = []
    for each in lines:
        times, zuko_s = each["ms"], each["ms"]["zuko"]
        cells = (f"{times[n]:.3g} ({zuko_s / times[n]:.2g})" if n in times else "" for n in names)
        rows.append([each["what"], f"{each['rows']:,}", *cells])
    return Table(f"{flow}, milliseconds (times faster than zuko)", ["", "rows", *names], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", help="flows whose name holds this")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1024, 65536])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    chosen = {name: each for name, each in FLOWS.items() if (options.only or "") in name}
    with tempfile.TemporaryDirectory() as place:
        everything = [
            line
            for i, (name, each) in enumerate(chosen.items())
            for line in measure(name, *each, Path(place) / str(i), options)
        ]
    if options.json:
        write(options.json, [table(name, everything) for name in chosen])
