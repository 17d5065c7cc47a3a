"""Coverage of small regressions: what `flowspec init --target` writes, beside a plain NSF.

    python benchmarks/coverage.py [--splits 5] [--only cars] [--json FILE]

For each split 80 % of a table's rows are trained on. Of the rest, all splits together: the share
within the central intervals of 50, 80 and 90 % of each row's distribution, in percent, and the mean
log-density in nats. `error` is the binomial standard error of the last share.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from figures import Table, write
from sklearn import datasets
from tables import CARS, TRAINED, example, packaged

import flowspec
from flowspec.data.tables.read import read_table
from flowspec.data.tables.whole_numbers import cell_middles
from flowspec.data.tables.write import write_table
from flowspec.draft.spec import spec
from flowspec.model.model import Model
from flowspec.train.engine import Engine

LEVELS = (0.5, 0.8, 0.9)
POINTS = 800
"""Points of a row's distribution at which it is looked at."""


def ten_measurements() -> pd.DataFrame:
    """Ten measurements of patients, and the progression of their disease."""
    found = datasets.load_diabetes(as_frame=True, scaled=False).frame
    return found.rename(columns={"target": "progression"})


TABLES: Mapping[str, tuple[str, Callable[[], pd.DataFrame | None]]] = {
    "prognosis": (
        "progression",
        partial(example, "diabetes", ["bmi", "blood_pressure", "progression"]),
    ),
    "ten measurements": ("progression", ten_measurements),
    "cars": ("Miles_per_Gallon", partial(packaged, "vega_datasets", "_data/cars.json", CARS)),
}


def drafted(target: str, table: pd.DataFrame) -> str:
    """The spec of `init --target`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(str(path), list(table.columns), table.to_numpy(float).T)
        return spec(read_table(path), [target])


def plain(target: str, table: pd.DataFrame) -> str:
    """An NSF with all that is standard."""
    others = ", ".join(name for name in table.columns if name != target)
    return f"context {others}\nevent {target}\nNSF(1) |> Standardize"


SPECS = {"init --target": drafted, "plain NSF(1)": plain}


def below(model: Model, y: np.ndarray, context: np.ndarray) -> np.ndarray:
    """The share of each row's distribution below its number (N,)."""
    reach = np.ptp(y)
    grid = np.linspace(y.min() - reach, y.max() + reach, POINTS)
    repeated = np.repeat(context, POINTS, axis=0)
    log_prob = model.log_prob(np.tile(grid, len(y)), repeated).reshape(len(y), POINTS)
    total = np.cumsum(np.exp(log_prob), axis=1)
    return np.array([np.interp(v, grid, row / row[-1]) for v, row in zip(y, total, strict=True)])


def fitted(text: str, known: pd.DataFrame, new: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The share below each new number, and its log-density."""
    flow = flowspec.parse(text)
    assert flow.context is not None
    names = list(flow.context.names)
    y, given = known[list(flow.columns)].to_numpy(float), known[names].to_numpy(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = flowspec.fit(flow, y[:, 0], given, engine=Engine("cpu"))
    points = cell_middles(
        new[list(flow.columns)].to_numpy(float), flow.columns, flow.train.get("dequantize", ())
    )[:, 0]
    context = new[names].to_numpy(float)
    return below(model, points, context), model.log_prob(points, context)


def line(title: str, table: pd.DataFrame, target: str, name: str, splits: int) -> list[str]:
    """The cells of a table's line."""
    shares, scores = [], []
    for split in range(splits):
        order = np.random.default_rng(split).permutation(len(table))
        known, new = (table.iloc[i] for i in np.split(order, [round(TRAINED * len(table))]))
        share, score = fitted(SPECS[name](target, known), known, new)
        shares.append(share)
        scores.append(score)
    off = np.abs(np.concatenate(shares) - 0.5)
    covered = [f"{100 * np.mean(off <= level / 2):.1f}" for level in LEVELS]
    error = 100 * np.sqrt(LEVELS[-1] * (1 - LEVELS[-1]) / len(off))
    size = f"{len(table):,} x {table.shape[1] - 1}"
    return [title, size, name, *covered, f"{error:.1f}", f"{np.concatenate(scores).mean():.3f}"]


HEADS = ["table", "rows x context", "spec", *(f"{100 * c:.0f} %" for c in LEVELS), "error", "nats"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--only", choices=sorted(TABLES), action="append")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines: list[list[str]] = []
    for title in options.only or TABLES:
        target, made = TABLES[title]
        table = made()
        if table is None:
            print(f"{title}: its package is not installed")
            continue
        for name in SPECS:
            lines.append(line(title, table, target, name, options.splits))
            print("  ".join(f"{h} {c}" for h, c in zip(HEADS, lines[-1], strict=True)), flush=True)
        if options.json:
            shown = f"Rows held out within intervals, in percent, of {options.splits} splits"
            write(options.json, [Table(shown, HEADS, lines)])


if __name__ == "__main__":
    main()
