"""Cost of a MAF (3 layers, 64x64) by the number of coordinates and of rows, on one thread.

FlowSpec and zuko are measured alike.

    python benchmarks/scaling.py [--sizes 4 16 64 256] [--rows 1 32 1024 32768] [--json FILE]
                                 [--plot FILE]

The sizes are measured at 1,024 rows, the rows at 16 coordinates. Prints medians in milliseconds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
import zuko
from figures import Table, write
from flows import count, medians, without_gradients

import flowspec
from flowspec.importers import from_zuko

ROWS, SIZE = 1024, 16
NAMES = ("log_prob zuko", "log_prob onnxruntime", "sample zuko", "sample onnxruntime")


def measure(size: int, rows: int) -> dict[str, float]:
    """Medians of the four calls, and the nodes of the graph that samples."""
    torch.manual_seed(0)
    oracle = zuko.flows.MAF(size, transforms=3, hidden_features=(64, 64))
    with tempfile.TemporaryDirectory() as place:
        path = flowspec.compile(from_zuko(oracle), Path(place) / "bundle")
        bundle = flowspec.load(path, threads=1)
        nodes = count(onnx.load(path / "sample.onnx").graph)
    x = np.random.default_rng(0).normal(size=(rows, size)).astype(np.float32)
    calls: dict[str, Callable] = {
        NAMES[0]: without_gradients(lambda: oracle().log_prob(torch.from_numpy(x))),
        NAMES[1]: lambda: bundle.log_prob(x),
        NAMES[2]: without_gradients(lambda: oracle().sample((rows,))),
        NAMES[3]: lambda: bundle.sample(rows, seed=0),
    }
    return {**medians(calls, 3), "nodes": nodes}


def plot(panels: dict[str, list[dict]], path: Path) -> None:
    """Two panels with logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for axis, (label, found) in zip(axes, panels.items(), strict=True):
        for name in NAMES:
            style = {
                "color": "#35618f" if "onnx" in name else "#b3532f",
                "linestyle": "-" if "log_prob" in name else "--",
            }
            axis.loglog(
                [each["at"] for each in found],
                [each[name] for each in found],
                marker="o",
                label=name,
                **style,
            )
        axis.set(
            xlabel=label,
            xticks=[each["at"] for each in found],
            xticklabels=[f"{each['at']:,}" for each in found],
        )
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("milliseconds")
    axes[0].legend()
    figure.savefig(path, dpi=110)


def table(label: str, found: list[dict]) -> Table:
    """What is printed for one row of sizes."""
    rows = [
        [f"{each['at']:,}", *(f"{each[name]:.3g}" for name in NAMES), str(each["nodes"])]
        for each in found
    ]
    return Table(f"Milliseconds, by {label}", [label, *NAMES, "nodes"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 16, 64, 256])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 32, 1024, 32768])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    panels: dict[str, list[dict]] = {}
    for label, points in (
        (f"coordinates, at {ROWS:,} rows", [(size, ROWS, size) for size in options.sizes]),
        (f"rows, at {SIZE} coordinates", [(SIZE, rows, rows) for rows in options.rows]),
    ):
        print(f"\n{label:<28}" + "".join(f"{name:>22}" for name in NAMES) + "   nodes")
        panels[label] = []
        for size, rows, at in points:
            found = {"at": at, **measure(size, rows)}
            panels[label].append(found)
            print(
                f"{at:<28}"
                + "".join(f"{found[name]:>22.2f}" for name in NAMES)
                + f"{found['nodes']:>8}",
                flush=True,
            )
    if options.json:
        write(options.json, [table(label, found) for label, found in panels.items()])
    if options.plot:
        plot(panels, options.plot)


if __name__ == "__main__":
    main()
