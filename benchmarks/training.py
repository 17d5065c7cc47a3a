"""A step of a training, of the same flow in FlowSpec, zuko and flowjax, in one run.

A step picks rows, and takes the loss, its gradient and a step of Adam:

    zuko               a loop written by hand, with the fused Adam of torch
    zuko compiled      the same, the loss through `torch.compile`
    flowjax            the same with optax, as one function under `jit`
    flowspec           `flowspec.fit`, which also clips gradients and tests losses
    flowspec compiled  `flowspec.fit(..., compiled=True)`, or `flowspec fit --compile`

    python benchmarks/training.py [--threads 1] [--only MAF] [--repeats 21] [--json FILE]

Prints medians of steps that take turns, the median of their ratios to zuko's, and the seconds of
the first step, in which compilers work.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import torch
import zuko
from figures import Table, write
from flows import FLOWS
from peers import Architecture, flowjax_flow

from flowspec.importers import from_zuko
from flowspec.ir.settings import Settings
from flowspec.train.engine import Engine
from flowspec.train.feed.opening import batches_of
from flowspec.train.training import Training

ROWS, LARGE_ROWS = 1024, 4096
BATCHES = 4
RATE = 1e-4


@dataclass(frozen=True)
class Case:
    """A flow, and the rows of a step."""

    make: Callable[[], zuko.flows.Flow]
    architecture: Architecture
    rows: int


CASES = {
    **{f"{name}, {ROWS:,} rows": Case(*flow, ROWS) for name, flow in FLOWS.items()},
    f"MAF D=63, 5 layers, 512x512, {LARGE_ROWS:,} rows": Case(
        lambda: zuko.flows.MAF(63, transforms=5, hidden_features=(512, 512)),
        Architecture(63, 5, 512, spline=False),
        LARGE_ROWS,
    ),
    f"NSF D=63, 5 layers, 512x512, 8 bins, {LARGE_ROWS:,} rows": Case(
        lambda: zuko.flows.NSF(63, transforms=5, hidden_features=(512, 512)),
        Architecture(63, 5, 512, spline=True),
        LARGE_ROWS,
    ),
}

Step = Callable[[], None]


def picked(x: torch.Tensor, rows: int) -> Iterator[torch.Tensor]:
    """Batches of the rows in an order drawn at random, again and again."""
    return (x[index] for index in cycle(torch.randperm(len(x)).split(rows)))


def by_hand(flow: zuko.flows.Flow, x: torch.Tensor, rows: int, compiled: bool) -> Step:
    optimizer = torch.optim.Adam(flow.parameters(), lr=RATE, fused=True)
    batches = picked(x, rows)

    def loss(x: torch.Tensor) -> torch.Tensor:
        return -flow().log_prob(x).mean()

    measured = torch.compile(loss, dynamic=False) if compiled else loss

    def step() -> None:
        optimizer.zero_grad()
        measured(next(batches)).backward()
        optimizer.step()

    return step


def by_fit(flow: zuko.flows.Flow, x: torch.Tensor, rows: int, engine: Engine) -> Step:
    """A step of the training that `flowspec.fit` starts."""
    model = from_zuko(flow)
    settings = Settings(epochs=10**6, batch_size=rows, validation=0.0, learning_rate=RATE)
    batches = batches_of(model.flow, x, None, None, None, settings)
    training = Training(model, batches, settings, engine)
    training._start(None)
    epochs = (rows for number in range(settings.epochs) for rows in batches.epoch(number + 1))
    return lambda: training._step(next(epochs), None) and None


def by_flowjax(wanted: Architecture, x: torch.Tensor, rows: int) -> Step:
    import equinox
    import jax
    import optax
    import paramax

    weights, fixed = equinox.partition(
        flowjax_flow(wanted), equinox.is_inexact_array, is_leaf=_is_fixed
    )
    optimizer = optax.adam(RATE)
    state = optimizer.init(weights)

    @equinox.filter_jit(donate="all")
    def stepped(weights, state, batch):
        def loss(weights):
            flow = paramax.unwrap(equinox.combine(weights, fixed))
            return -flow.log_prob(batch).mean()

        loss_value, gradients = equinox.filter_value_and_grad(loss)(weights)
        updates, state = optimizer.update(gradients, state)
        return equinox.apply_updates(weights, updates), state, loss_value

    batches = picked(x, rows)

    def step() -> None:
        nonlocal weights, state
        weights, state, loss = stepped(weights, state, jax.numpy.asarray(next(batches).numpy()))
        loss.block_until_ready()

    return step


def _is_fixed(leaf: object) -> bool:
    """True for what flowjax does not train."""
    import paramax

    return isinstance(leaf, paramax.NonTrainable)


def steps_of(case: Case, options: argparse.Namespace) -> dict[str, Step]:
    # So many graphs of one function as there are flows would make torch.compile give up.
    torch._dynamo.reset()
    flow = case.make()
    size = case.architecture.size
    x = torch.randn(BATCHES * case.rows, size)
    engine = {"accelerator": "cpu", "threads": options.threads}
    steps = {
        "zuko": by_hand(flow, x, case.rows, compiled=False),
        "zuko compiled": by_hand(case.make(), x, case.rows, compiled=True),
        "flowspec": by_fit(flow, x, case.rows, Engine(**engine)),
        "flowspec compiled": by_fit(flow, x, case.rows, Engine(**engine, compiled=True)),
    }
    if importlib.util.find_spec("flowjax"):
        steps["flowjax"] = by_flowjax(case.architecture, x, case.rows)
    return steps


def seconds(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def measure(name: str, steps: dict[str, Step], repeats: int) -> list[list[str]]:
    """A line for each contestant."""
    first = {who: seconds(step) for who, step in steps.items()}
    for step in steps.values():
        step()
    turns = [{who: seconds(step) for who, step in steps.items()} for _ in range(repeats)]
    lines = []
    for who in steps:
        step_ms = 1e3 * statistics.median(turn[who] for turn in turns)
        ratio = statistics.median(turn["zuko"] / turn[who] for turn in turns)
        lines.append([name, who, f"{step_ms:.3g} ms", f"{ratio:.2f}", f"{first[who]:.1f} s"])
        print("   ".join(lines[-1]), flush=True)
    return lines


HEADS = ("flow", "", "a step", "times faster than zuko", "first step")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="flows whose name holds this")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    chosen = {name: case for name, case in CASES.items() if options.only in name}
    tables = [
        Table(
            name,
            HEADS[1:],
            [line[1:] for line in measure(name, steps_of(case, options), options.repeats)],
        )
        for name, case in chosen.items()
    ]
    if options.json:
        write(options.json, tables)


if __name__ == "__main__":
    main()
