"""A fit of simulated events by the spec of `flowspec init`, against more of the same events.

Six columns: a mass with a cut at 40 and a narrow resonance at 91, a momentum whose tail is a power,
an energy without an edge, a share in (0, 1) with an edge at either end, an angle, a real number.

    python benchmarks/closure.py [--rows 1000000] [--epochs 60] [--plain] [--flow FILE]
        [--seed 0] [--json FILE]

Prints, for each column, the masses of the model (4,000,000 samples) below the 0.1 % quantile of the
simulation (10,000,000 other events) and above its 99.9 % and 99.99 % quantiles, as ratios to those
of the simulation, beside those of the rows that were fitted (of 1,000,000 rows 100 lie above the
last, with a spread of 10); the height of the resonance; the area under the curve of a classifier,
beside its floor; and the items of `flowspec judge` by 100,000 rows. `--plain` fits with the
standard links; `--json` writes what is printed.
The aims: ratios within 1.3 times, the height within 3 %, an area at most 0.01 above its floor.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from figures import Table, write

import flowspec
from flowspec.data.tables import table as read
from flowspec.draft.spec import spec
from flowspec.judge.classifier import scores
from flowspec.judge.judging import judge

COLUMNS = ("mass", "pt", "energy", "share", "phi", "eta")
PLAIN = "\n  |> LULinear\n  |> Standardize\n  |> Onto(event)\n"
SIMULATED = 10
SAMPLED = 4_000_000
CLASSIFIED = 50_000
JUDGED = 100_000
"""Millions of events that tell the quantiles, samples, and rows for the other figures."""

PEAK = (90.7, 91.7)
"""The bin of the mass in which the resonance is highest."""


def events(rows: int, seed: int) -> np.ndarray:
    """Simulated events (N, 6)."""
    random = np.random.default_rng(seed)
    resonant = random.uniform(size=rows) < 0.3
    mass = np.where(resonant, random.normal(91.2, 2.0, rows), 40 + random.exponential(35, rows))
    pt = 8 * (random.uniform(size=rows) ** -0.25 - 1) * np.sqrt(mass / 91)
    energy = random.gamma(2.5, 12, rows) + 0.3 * pt
    share = np.where(resonant, random.beta(2, 1, rows), random.beta(1, 1.5, rows))
    eta = random.normal(0, 1.3, rows) / (1 + 0.02 * np.minimum(pt, 50))
    phi = random.vonmises(0.8 * np.tanh(eta), 0.6)
    found = np.stack([mass, pt, energy, share, phi, eta], axis=1)
    return found[mass > 40]


def text_of(rows: np.ndarray, options: argparse.Namespace) -> str:
    """The spec that is fitted."""
    if options.flow:
        return str(options.flow.read_text())
    text = spec(read.Table("events", COLUMNS, tuple(rows.T)))
    if options.plain:
        text = re.sub(r"\n  \|>.*", PLAIN, text, flags=re.DOTALL)
    return text


def tails(data: np.ndarray, samples: np.ndarray) -> list[str]:
    """The masses beyond three quantiles of the data, as ratios, and the largest sample."""
    low, high, highest = np.quantile(data, [0.001, 0.999, 0.9999])
    ratios = (
        np.mean(samples < low) / 0.001,
        np.mean(samples > high) / 0.001,
        np.mean(samples > highest) / 0.0001,
    )
    return [*(f"{ratio:.2f}" for ratio in ratios), f"{samples.max():.5g}"]


HEADS = ["column", *(f"{what} {end}" for what in ("model", "fitted rows")
                     for end in ("< 0.1 %", "> 99.9 %", "> 99.99 %", "largest"))]  # fmt: skip


def closed(bundle: flowspec.Bundle, rows: np.ndarray, fresh: np.ndarray) -> list[Table]:
    """The tails of each column, and how well the simulation and its resonance are met."""
    samples = np.asarray(bundle.sample(SAMPLED, seed=1))
    lines = [
        [name, *tails(data, of_model), *tails(data, fitted)]
        for name, data, of_model, fitted in zip(COLUMNS, fresh.T, samples.T, rows.T, strict=True)
    ]
    heights = [np.mean((x[:, 0] > PEAK[0]) & (x[:, 0] < PEAK[1])) for x in (samples, fresh)]
    area, _ = scores(fresh[:CLASSIFIED], samples[:CLASSIFIED], 0)
    floor, _ = scores(fresh[:CLASSIFIED], fresh[CLASSIFIED : 2 * CLASSIFIED], 0)
    whole = [f"{heights[0] / heights[1]:.3f}", f"{area:.4f}", f"{floor:.4f}"]
    return [
        Table("Masses beyond quantiles of the simulation, as ratios to them", HEADS, lines),
        Table("The model as a whole", ["height of the resonance", "area", "its floor"], [whole]),
    ]


def judged(bundle: flowspec.Bundle, rows: np.ndarray) -> Table:
    """What `flowspec judge` says of the same, by rows that were not fitted."""
    found = judge(bundle, rows, against=())
    items = [(item.name, item.verdict, item.figure) for item in found.items]
    return Table(f"flowspec judge, of {len(rows):,} rows", ("item", "verdict", "figure"), items)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--flow", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = events(options.rows, options.seed)
    text = text_of(rows, options)
    print(text)
    settings = {} if options.epochs is None else {"epochs": options.epochs}
    start = time.perf_counter()
    model = flowspec.fit(flowspec.parse(text), rows, seed=options.seed, **settings)
    took = f"{len(rows):,} rows, fitted in {time.perf_counter() - start:.0f} s"
    fresh = np.concatenate(
        [events(1_000_000, options.seed + 1 + part) for part in range(SIMULATED)]
    )
    with tempfile.TemporaryDirectory() as folder:
        bundle = flowspec.load(flowspec.compile(model, Path(folder) / "model"))
        tables = [*closed(bundle, rows, fresh), judged(bundle, fresh[:JUDGED])]
    for table in tables:
        print(
            "\n".join(
                "  ".join(f"{cell:>12}" for cell in row) for row in (table.heads, *table.rows)
            )
        )
    print(took)
    if options.json:
        write(options.json, tables)


if __name__ == "__main__":
    main()
