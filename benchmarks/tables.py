"""Real tables, learned by `flowspec.fit` and by zuko under a loop written by hand.

The architecture is the same.

    python benchmarks/tables.py [--seeds 10] [--epochs 200] [--only iris] [--json FILE]

For each seed both get the same training, validation and test rows, and train alike: Adam, its
rate falling along a cosine, clipped gradients, the weights of the best validation loss. Prints
the mean log-likelihood of the test rows, in nats per row and the table's own units, with its
standard deviation over the seeds, and the paired difference with its standard error.

The networks' starts are each library's own: on tables of 150 rows they alone move a flow by some
tenths of a nat, so that a verdict there takes more seeds.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zuko

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.engine import Engine

DATA = Path(__file__).parent.parent / "examples" / "data"
TRANSFORMS, HIDDEN, BINS = 3, (32, 32), 8
ACTIVATION = torch.nn.Tanh
"""Bounded: where relu goes on rising, one test row far from all training rows decides the mean."""

SETTINGS = Settings(epochs=200, batch_size=128, learning_rate=5e-3, patience=50)
TRAINING, VALIDATION = 0.7, 0.15
"""Shares of the rows; the rest are the test rows."""


@dataclass(frozen=True)
class Table:
    """Columns of a file, and those that they are conditioned on."""

    file: str
    event: tuple[str, ...]
    context: tuple[str, ...] = ()


TABLES = {
    "iris": Table("iris.csv", ("sepal_length", "sepal_width", "petal_length", "petal_width")),
    "wine": Table("wine.csv", ("alcohol", "malic_acid", "ash", "hue", "color_intensity")),
    "diabetes": Table("diabetes.csv", ("bmi", "blood_pressure", "progression")),
    "diabetes given": Table("diabetes.csv", ("progression",), ("bmi", "blood_pressure")),
    "two_moons": Table("two_moons.csv", ("x", "y")),
}


def read(table: Table) -> np.ndarray:
    """The columns of the event, then those of the context."""
    path = DATA / table.file
    with path.open() as file:
        header = file.readline().strip().split(",")
    columns = [header.index(name) for name in table.event + table.context]
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=columns)


def split(table: Table, seed: int) -> list[np.ndarray]:
    """Training, validation and test rows, drawn by the seed."""
    values = np.random.default_rng(seed).permutation(read(table))
    return np.split(
        values, [round(TRAINING * len(values)), round((TRAINING + VALIDATION) * len(values))]
    )


def parted(table: Table, values: Any) -> tuple[Any, Any]:
    """Event and context of some rows; None for the context, where there is none."""
    width = len(table.event)
    return values[:, :width], values[:, width:] if table.context else None


def by_flowspec(table: Table, name: str, rows: list[np.ndarray], settings: Settings) -> float:
    """Mean log-likelihood of the test rows."""
    activation = ACTIVATION.__name__.lower()
    options = f'transforms={TRANSFORMS}, hidden={list(HIDDEN)}, activation="{activation}"'
    options += f", bins={BINS}" if name == "NSF" else ""
    context = f"context {', '.join(table.context)}\n" if table.context else ""
    flow = flowspec.parse(
        f"{context}event {', '.join(table.event)}\n"
        f"{name}({len(table.event)}, {options}) |> Standardize"
    )
    training, validation, test = (parted(table, each) for each in rows)
    model = flowspec.fit(
        flow, *training, held_out=validation, settings=settings, engine=Engine("cpu")
    )
    return float(model.log_prob(*test).mean())


def by_hand(table: Table, name: str, rows: list[np.ndarray], settings: Settings) -> float:
    """Mean log-likelihood of the test rows.

    All columns are standardized by the training rows, as `flowspec.fit` does it.
    """
    torch.manual_seed(settings.seed)
    options: dict[str, Any] = {
        "transforms": TRANSFORMS,
        "hidden_features": HIDDEN,
        "activation": ACTIVATION,
    }
    options |= {"bins": BINS} if name == "NSF" else {}
    flow = getattr(zuko.flows, name)(len(table.event), len(table.context), **options)
    mean, scale = rows[0].mean(axis=0), rows[0].std(axis=0)
    standard = [torch.from_numpy(((each - mean) / scale).astype(np.float32)) for each in rows]
    training, validation, (x, context) = (parted(table, each) for each in standard)
    train(flow, training, validation, settings)
    with torch.no_grad():
        found = flow(context).log_prob(x).double().mean().item()
    return found - float(np.log(scale[: len(table.event)]).sum())


def train(
    flow: torch.nn.Module,
    training: tuple[Any, Any],
    validation: tuple[Any, Any],
    settings: Settings,
) -> None:
    """The loop; the flow ends with its best weights."""
    (x, context), (held_out, held_out_context) = training, validation
    rate = settings.learning_rate
    optimizer = torch.optim.Adam(flow.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, settings.epochs, eta_min=0.01 * rate
    )
    best, kept, waited = math.inf, copy.deepcopy(flow.state_dict()), 0
    for _ in range(settings.epochs):
        for index in torch.randperm(len(x)).split(settings.batch_size):
            loss = -flow(None if context is None else context[index]).log_prob(x[index]).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(flow.parameters(), settings.clip)
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            score = -flow(held_out_context).log_prob(held_out).mean().item()
        waited += 1
        if score < best:
            best, kept, waited = score, copy.deepcopy(flow.state_dict()), 0
        if waited >= settings.patience:
            break
    flow.load_state_dict(kept)


def spread(values: Sequence[float] | np.ndarray) -> float:
    """The standard deviation; NaN for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=SETTINGS.epochs)
    parser.add_argument("--only", choices=sorted(TABLES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, dict[str, list[float]]] = {}
    print(f"{'':<16}{'':<6}{'flowspec':>20}{'zuko':>20}{'difference':>20}   seconds of training")
    for title in [options.only] if options.only else TABLES:
        for name in ("MAF", "NSF"):
            found: dict[str, list[float]] = {
                each: [] for each in ("flowspec", "zuko", "flowspec s", "zuko s")
            }
            for seed in range(options.seeds):
                rows = split(TABLES[title], seed)
                settings = dataclasses.replace(SETTINGS, epochs=options.epochs, seed=seed)
                for library, score in {"flowspec": by_flowspec, "zuko": by_hand}.items():
                    start = time.perf_counter()
                    found[library].append(score(TABLES[title], name, rows, settings))
                    found[f"{library} s"].append(time.perf_counter() - start)
            difference = np.subtract(found["flowspec"], found["zuko"])
            scores = [
                f"{np.mean(found[each]):.4f} +- {spread(found[each]):.4f}"
                for each in ("flowspec", "zuko")
            ]
            scores.append(
                f"{difference.mean():+.4f} +- {spread(difference) / math.sqrt(options.seeds):.4f}"
            )
            seconds = " and ".join(
                f"{np.mean(found[f'{each} s']):.1f}" for each in ("flowspec", "zuko")
            )
            print(
                f"{title:<16}{name:<6}{''.join(f'{score:>20}' for score in scores)}   {seconds}",
                flush=True,
            )
            results[f"{title}, {name}"] = found
    if options.json:
        written = {"epochs": options.epochs, "seeds": options.seeds, "results": results}
        options.json.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
