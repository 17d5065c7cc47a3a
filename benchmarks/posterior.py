"""Simulation-based inference of a posterior that is known: ten parameters, ten observations.

    python benchmarks/posterior.py [--rows 1000 --rows 10000] [--observations 5] [--json FILE]

The parameters have a normal prior of variance 0.1, an observation adds noise of the same variance:
the posterior is normal, its mean half the observation. For each spec: the mean log-density of the
parameters of 20,000 other simulations, in nats a row (`true` is that of the posterior itself), and
the accuracy of a neural classifier that tells 2,000 samples of the model from 2,000 of the
posterior, in five-fold cross-validation, mean and standard error over observations: 0.5 is perfect.

Source: the task "Gaussian Linear" and the score C2ST of Benchmarking Simulation-Based Inference,
    Lueckmann et al., 2021, arXiv:2101.04653.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from figures import Table, write
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import flowspec
from flowspec.data.tables.read import read_table
from flowspec.data.tables.write import write_table
from flowspec.draft.spec import spec
from flowspec.model.model import Model
from flowspec.train.engine import Engine

SIZE = 10
VARIANCE = 0.1
PARAMETERS = [f"t{i}" for i in range(SIZE)]
OBSERVED = [f"x{i}" for i in range(SIZE)]
HEAD = f"context {', '.join(OBSERVED)}\nevent {', '.join(PARAMETERS)}\n"
TOLD_APART = 2_000
"""Samples of the model, and of the posterior, that a classifier is given."""

Rows = np.ndarray


def simulated(count: int, seed: int) -> tuple[Rows, Rows]:
    """Parameters and what is observed of them, both (N, 10)."""
    random = np.random.default_rng(seed)
    parameters = random.normal(0, np.sqrt(VARIANCE), (count, SIZE))
    return parameters, parameters + random.normal(0, np.sqrt(VARIANCE), (count, SIZE))


def true_score(parameters: Rows, observed: Rows) -> float:
    """The mean log-density of the posterior itself."""
    squares = (parameters - observed / 2) ** 2 / (VARIANCE / 2)
    return float(np.mean(-0.5 * np.sum(squares + np.log(np.pi * VARIANCE), axis=1)))


def drafted(parameters: Rows, observed: Rows) -> str:
    """The spec of `init --target`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(str(path), [*PARAMETERS, *OBSERVED], list(np.hstack([parameters, observed]).T))
        return spec(read_table(path), PARAMETERS)


SPECS: Mapping[str, Callable[[Rows, Rows], str]] = {
    "init --target": drafted,
    "NSF(event) |> Standardize": lambda _, __: f"{HEAD}NSF(event) |> Standardize",
    "a line and one Gaussian": lambda _, __: (
        f"{HEAD}Normal(0, 1)[event] |> LULinear |> Elementwise(MonotonicAffine, hidden=[])"
        " |> Standardize"
    ),
}


def fitted(text: str, parameters: Rows, observed: Rows) -> Model:
    """The model of a spec, as its own settings train it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return flowspec.fit(flowspec.parse(text), parameters, observed, engine=Engine("cpu"))


def told_apart(bundle: flowspec.Bundle, observed: Rows, seed: int) -> float:
    """The accuracy (C2ST) at one observation (10,)."""
    random = np.random.default_rng(seed)
    context = np.repeat(observed[None], TOLD_APART, axis=0)
    drawn = bundle.sample(TOLD_APART, seed, context=context)
    right = observed / 2 + random.normal(0, np.sqrt(VARIANCE / 2), drawn.shape)
    network = MLPClassifier((10 * SIZE, 10 * SIZE), early_stopping=True, random_state=seed)
    labels = np.repeat([0, 1], TOLD_APART)
    both = np.vstack([drawn, right])
    return float(
        cross_val_score(make_pipeline(StandardScaler(), network), both, labels, cv=5).mean()
    )


HEADS = ["simulations", "spec", "nats", "true", "C2ST", "+-", "seconds"]


def line(count: int, name: str, observations: int) -> list[str]:
    """The cells of a line."""
    known, new = simulated(count, 0), simulated(20_000, 1)
    begun = time.perf_counter()
    model = fitted(SPECS[name](*known), *known)
    seconds = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        bundle = flowspec.load(flowspec.compile(model, Path(folder) / "posterior"))
        found = [told_apart(bundle, new[1][i], i) for i in range(observations)]
    error = np.std(found, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.nan
    score = model.log_prob(*new).mean()
    return [
        f"{count:,}", name, f"{score:.2f}", f"{true_score(*new):.2f}",
        f"{np.mean(found):.3f}", f"{error:.3f}", f"{seconds:.0f}",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--observations", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines: list[list[str]] = []
    for count in options.rows or [1_000, 10_000]:
        for name in SPECS:
            lines.append(line(count, name, options.observations))
            print("  ".join(f"{h} {c}" for h, c in zip(HEADS, lines[-1], strict=True)), flush=True)
            if options.json:
                write(options.json, [Table("A normal posterior of ten parameters", HEADS, lines)])


if __name__ == "__main__":
    main()
