"""A step of `flowspec.fit` against a loop written by hand over the same flow in zuko.

Both are interleaved, on one thread.

    python benchmarks/fit.py [--rows 1024] [--steps 40] [--repeats 5]

Prints medians in milliseconds. `fit` also clips gradients, tests losses and picks the rows of
each batch; the loop picks rows.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import zuko

import flowspec
from flowspec.importers import from_zuko
from flowspec.ir.settings import Settings
from flowspec.train.engine import Engine
from flowspec.train.feed.opening import batches_of
from flowspec.train.training import Training

FLOWS = {
    "MAF D=16, 5 layers, 128x128": lambda: zuko.flows.MAF(
        16, transforms=5, hidden_features=(128, 128)
    ),
    "NSF D=8, 3 layers, 64x64, 8 bins": lambda: zuko.flows.NSF(8),
}


def by_hand(flow: zuko.flows.Flow, x: torch.Tensor, rows: int) -> float:
    """Seconds a step."""
    optimizer, order = torch.optim.Adam(flow.parameters()), torch.randperm(len(x))
    start = time.perf_counter()
    for index in order.split(rows):
        loss = -flow().log_prob(x[index]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (time.perf_counter() - start) / (len(x) / rows)


def by_fit(model: flowspec.Model, x: torch.Tensor, rows: int) -> float:
    """Seconds a step, without the scoring at the end of the epoch."""
    settings = Settings(epochs=1, batch_size=rows, validation=0.0, learning_rate=1e-3)
    training = Training(
        model, batches_of(model.flow, x, None, None, None, settings), settings, Engine("cpu")
    )
    training.run()
    return rows / training.course.history[0].rows_per_second


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name, make in FLOWS.items():
        flow = make()
        model = from_zuko(flow)
        x = torch.randn(options.rows * options.steps, model.flow.space.size)
        times = [
            (by_hand(flow, x, options.rows), by_fit(model, x, options.rows))
            for _ in range(options.repeats)
        ]
        hand, fit = (1e3 * statistics.median(each) for each in zip(*times, strict=True))
        print(
            f"{name:36} zuko by hand {hand:7.2f} ms   "
            f"flowspec.fit {fit:7.2f} ms   {hand / fit:.2f}x"
        )


if __name__ == "__main__":
    main()
