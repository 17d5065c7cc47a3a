"""Known two-dimensional densities, learned by an NSF of FlowSpec and by zuko's.

Both have the same budget, batches and seeds.

    python benchmarks/densities.py [--steps 3000] [--seeds 3] [--first-seed 0] [--only crescent]
                                   [--json FILE] [--plot FILE]

Prints the mean log-density of fresh points under each flow with its standard deviation over the
seeds, and under the truth where that is known.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import zuko
from figures import Table, write

import flowspec
from flowspec.train.torch.module import FlowModule

FLOW = "NSF(2, transforms=3, hidden=[64, 64], bins=8)"
BATCH, RATE, TEST_ROWS = 512, 5e-3, 50_000

Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """A distribution in the plane, and its entropy in nats where that has a closed form."""

    draw: Draw
    entropy: float | None = None


def two_moons(random: np.random.Generator, rows: int) -> np.ndarray:
    angle = random.uniform(0, math.pi, rows)
    upper = random.integers(0, 2, rows) == 1
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle)) - 0.5
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return 1.5 * (np.stack([x, y], axis=1) + random.normal(0, 0.06, (rows, 2)))


def checkerboard(random: np.random.Generator, rows: int) -> np.ndarray:
    x = random.uniform(-2, 2, rows)
    cell = 2.0 * random.integers(0, 2, rows) - np.floor(x) % 2
    return np.stack([x, random.uniform(0, 1, rows) + cell], axis=1)


def spirals(random: np.random.Generator, rows: int) -> np.ndarray:
    angle = 3 * math.pi * np.sqrt(random.uniform(0.02, 1, rows))
    side = 2.0 * random.integers(0, 2, rows) - 1
    arms = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (side * angle)[:, None]
    return arms * 0.25 + random.normal(0, 0.08, (rows, 2))


CRESCENT_SCALES = 0.5, 0.15


def crescent(random: np.random.Generator, rows: int) -> np.ndarray:
    along, across = (random.normal(0, scale, rows) for scale in CRESCENT_SCALES)
    return np.stack([along, across + 1.6 * along**2 - 0.5], axis=1)


def eight_gaussians(random: np.random.Generator, rows: int) -> np.ndarray:
    angle = 0.25 * math.pi * random.integers(0, 8, rows)
    return 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + random.normal(0, 0.2, (rows, 2))


SHAPES = {
    "two moons": Shape(two_moons),
    # Eight unit squares, uniform.
    "checkerboard": Shape(checkerboard, math.log(8)),
    "spirals": Shape(spirals),
    # A shear of two independent normal numbers keeps their entropy.
    "crescent": Shape(
        crescent, sum(0.5 * math.log(2 * math.pi * math.e * scale**2) for scale in CRESCENT_SCALES)
    ),
    "eight Gaussians": Shape(eight_gaussians),
}


def trained(module: torch.nn.Module, draw: Draw, steps: int, seed: int) -> float:
    """Train on fresh batches, the learning rate falling along a cosine; seconds that it took."""
    random = np.random.default_rng(seed)
    optimizer = torch.optim.Adam(module.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    start = time.perf_counter()
    for _ in range(steps):
        loss = -module().log_prob(torch.from_numpy(draw(random, BATCH).astype(np.float32))).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 5.0)
        optimizer.step()
        schedule.step()
    return time.perf_counter() - start


def makers(seed: int) -> dict[str, Callable[[], torch.nn.Module]]:
    """Untrained flows of both libraries."""

    def from_zuko():
        torch.manual_seed(seed)
        return zuko.flows.NSF(2, transforms=3, hidden_features=(64, 64), bins=8)

    return {
        "flowspec": lambda: flowspec.to_torch(flowspec.Model(flowspec.parse(FLOW), seed=seed)),
        "zuko": from_zuko,
    }


def measured(shape: Shape, steps: int, seeds: range) -> tuple[dict[str, list[float]], FlowModule]:
    """The mean log-density of fresh points and the seconds of training by seed; the first flow."""
    x = torch.from_numpy(shape.draw(np.random.default_rng(12345), TEST_ROWS).astype(np.float32))
    found: dict[str, list[float]] = {}
    first = None
    for seed in seeds:
        for name, make in makers(seed).items():
            module = make()
            found.setdefault(f"{name} s", []).append(trained(module, shape.draw, steps, seed))
            first = first or module
            with torch.no_grad():
                found.setdefault(name, []).append(module().log_prob(x).double().mean().item())
    assert first is not None
    return found, first


def plot(flows: dict[str, FlowModule], path: Path) -> None:
    """Points above, learned densities below."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        2, len(flows), figsize=(2.6 * len(flows), 5.2), squeeze=False, layout="constrained"
    )
    for (name, module), (top, bottom) in zip(flows.items(), axes.T, strict=True):
        x = SHAPES[name].draw(np.random.default_rng(0), 4000)
        low, high = x.min(axis=0) - 0.3, x.max(axis=0) + 0.3
        top.scatter(*x.T, s=1, linewidths=0, color="#35618f")
        first, second = np.meshgrid(
            np.linspace(low[0], high[0], 200), np.linspace(low[1], high[1], 200)
        )
        points = torch.tensor(
            np.stack([first.ravel(), second.ravel()], axis=1), dtype=torch.float32
        )
        with torch.no_grad():
            density = module().log_prob(points).exp().reshape(first.shape).numpy()
        bottom.pcolormesh(
            first, second, density, shading="auto", cmap="magma", vmax=np.quantile(density, 0.995)
        )
        top.set(title=name, xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        for axis in (top, bottom):
            axis.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("data")
    axes[1, 0].set_ylabel("learned density")
    figure.savefig(path, dpi=110)


def table(results: dict[str, dict], steps: int, seeds: int) -> Table:
    """What is printed."""
    rows = []
    for name, found in results.items():
        means = (f"{np.mean(found[each]):.4f}" for each in ("flowspec", "zuko"))
        spreads = (f"{np.std(found[each]):.4f}" for each in ("flowspec", "zuko"))
        scores = (f"{mean} +- {spread}" for mean, spread in zip(means, spreads, strict=True))
        seconds = (f"{np.mean(found[each]):.0f}" for each in ("flowspec s", "zuko s"))
        truth = "" if found["entropy"] is None else f"{-found['entropy']:.4f}"
        rows.append([name, *scores, truth, *seconds])
    heads = ["", "flowspec", "zuko", "truth", "seconds, flowspec", "seconds, zuko"]
    title = f"Mean log-likelihood of test rows after {steps:,} steps, of {seeds} seeds"
    return Table(title, heads, rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(SHAPES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    results, flows = {}, {}
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(f"{'':<16}{'flowspec':>18}{'zuko':>18}{'truth':>10}   seconds of training")
    for name in [options.only] if options.only else SHAPES:
        shape = SHAPES[name]
        found, flows[name] = measured(shape, options.steps, seeds)
        truth = "" if shape.entropy is None else f"{-shape.entropy:.4f}"
        scores = (
            f"{np.mean(found[each]):.4f} +- {np.std(found[each]):.4f}"
            for each in ("flowspec", "zuko")
        )
        seconds = " and ".join(f"{np.mean(found[each]):.0f}" for each in ("flowspec s", "zuko s"))
        print(
            f"{name:<16}{''.join(f'{score:>18}' for score in scores)}{truth:>10}   {seconds}",
            flush=True,
        )
        results[name] = {**found, "entropy": shape.entropy}
    if options.json:
        write(options.json, [table(results, options.steps, len(seeds))])
    if options.plot:
        plot(flows, options.plot)


if __name__ == "__main__":
    main()
