"""What `flowspec init` writes, trained as it is, beside simple densities and zuko by hand.

    python benchmarks/tables.py [--splits 5] [--only iris] [--flow SPEC] [--json FILE] [--large]

For each split 80 % of a table's rows are trained on and the rest scored: mean log-density in nats
a row, in the table's own units, with its standard error over the splits. `gain` is the paired
difference of the spec to the best of one Gaussian, scikit-learn's mixture of Gaussians (components
by BIC) and its kernels (width by cross-validation); `seconds` is what one training takes on one
thread. `--flow` names a file in place of what `init` writes, in which `{d}` stands for the number
of columns. `--large` adds a simulation of 10^6 rows; `--epochs` says how long the spec is trained,
in place of what it says itself. `--json` writes what is printed, anew after
each table.

Cars, airports and penguins come from the packages vega_datasets and palmerpenguins, where these
are installed.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import zuko
from figures import Table, write
from sklearn import datasets
from sklearn.decomposition import PCA

import flowspec
from flowspec.data.tables.read import read_table
from flowspec.data.tables.whole_numbers import cell_middles
from flowspec.data.tables.write import write_table
from flowspec.draft.spec import spec
from flowspec.judge.score import BASELINES
from flowspec.train.engine import Engine

Rows = np.ndarray
DATA = Path(__file__).parent.parent / "examples" / "data"
TRAINED = 0.8


# --- tables ---------------------------------------------------------------------------------------


def example(name: str, columns: list[str]) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")[columns]


def breast_cancer() -> pd.DataFrame:
    """The means of the radius, texture, smoothness, compactness and symmetry of cells."""
    data = datasets.load_breast_cancer(as_frame=True).data
    return data[
        [f"mean {n}" for n in ("radius", "texture", "smoothness", "compactness", "symmetry")]
    ]


def digits() -> pd.DataFrame:
    """Six principal components of images of digits."""
    rows = PCA(6, random_state=0).fit_transform(datasets.load_digits().data)
    return pd.DataFrame(rows, columns=[f"pc{i}" for i in range(6)])


def packaged(package: str, path: str, columns: list[str]) -> pd.DataFrame | None:
    """Columns of a table in a package; None where that is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / path
    table = pd.read_json(file) if file.suffix == ".json" else pd.read_csv(file)
    return table[columns].dropna()


def decays(count: int) -> pd.DataFrame:
    """Two-body decays of a resonance of mass 91 and width 2.5 with a transverse momentum, seen by
    a detector that cuts at 20: the momenta and angles of the two, and their mass.
    """
    random, parts = np.random.default_rng(1), []
    while sum(map(len, parts)) < count:
        n = 4 * count
        mass = 91.2 + 1.25 * random.standard_cauchy(n)
        ok = (mass > 60) & (mass < 120)
        mass = mass[ok]
        n = len(mass)
        boost_pt, boost_phi = random.gamma(1.5, 6.0, n), random.uniform(-np.pi, np.pi, n)
        cosine, phi = random.uniform(-1, 1, n), random.uniform(-np.pi, np.pi, n)
        sine = np.sqrt(1 - cosine**2)
        half = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine]) * mass / 2
        gamma_beta = np.stack([boost_pt * np.cos(boost_phi), boost_pt * np.sin(boost_phi),
                               random.normal(0, 60, n)]) / mass  # fmt: skip
        first, second = (_boosted(sign * half, mass / 2, gamma_beta) for sign in (1, -1))
        columns = [*_polar(first), *_polar(second), mass + random.normal(0, 1.5, n)]
        table = np.stack(columns, axis=1)
        parts.append(table[(table[:, 0] > 20) & (table[:, 2] > 20)])
    names = ["pt1", "eta1", "pt2", "eta2", "mass"]
    return pd.DataFrame(np.concatenate(parts)[:count], columns=names)


def _boosted(momentum: Rows, energy: Rows, gamma_beta: Rows) -> Rows:
    gamma = np.sqrt(1 + (gamma_beta**2).sum(axis=0))
    along = (momentum * gamma_beta).sum(axis=0)
    return momentum + gamma_beta * (along / (1 + gamma) + energy)


def _polar(momentum: Rows) -> tuple[Rows, Rows]:
    pt = np.hypot(momentum[0], momentum[1])
    return pt, np.arcsinh(momentum[2] / pt)


LENGTHS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
WINE = ["alcohol", "malic_acid", "ash", "hue", "color_intensity"]
PENGUINS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CARS = ["Miles_per_Gallon", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration"]
TABLES: Mapping[str, Callable[[], pd.DataFrame | None]] = {
    "iris": partial(example, "iris", LENGTHS),
    "wine": partial(example, "wine", WINE),
    "diabetes": partial(example, "diabetes", ["bmi", "blood_pressure", "progression"]),
    "two moons": partial(example, "two_moons", ["x", "y"]),
    "breast cancer": breast_cancer,
    "digits": digits,
    "penguins": partial(packaged, "palmerpenguins", "data/penguins.csv", PENGUINS),
    "cars": partial(packaged, "vega_datasets", "_data/cars.json", CARS),
    "airports": partial(packaged, "vega_datasets", "_data/airports.csv", ["latitude", "longitude"]),
    "decays 1,000": partial(decays, 1_000),
    "decays 10^6": partial(decays, 1_000_000),
}
LARGE = ("decays 10^6",)


# --- densities ------------------------------------------------------------------------------------


def standardized(fit: Callable[[Rows], Callable[[Rows], Rows]], known: Rows, new: Rows) -> float:
    """The mean log-density of new rows by a density that is fitted to standardized ones."""
    middle, scale = known.mean(axis=0), known.std(axis=0)
    score = fit((known - middle) / scale)((new - middle) / scale)
    return float(np.mean(score) - np.log(scale).sum())


def by_zuko(rows: Rows) -> Callable[[Rows], Rows]:
    """An NSF under a loop as its documentation has it, with early stopping."""
    torch.manual_seed(0)
    flow = zuko.flows.NSF(rows.shape[1], transforms=3, hidden_features=(64, 64))
    x = torch.from_numpy(rows[np.random.default_rng(0).permutation(len(rows))]).float()
    held, trained = x.split([len(x) // 10, len(x) - len(x) // 10])
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    best, kept, waited = math.inf, copy.deepcopy(flow.state_dict()), 0
    for _ in range(500):
        for index in torch.randperm(len(trained)).split(256):
            loss = -flow().log_prob(trained[index]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            score = -flow().log_prob(held).mean().item()
        waited += 1
        if score < best:
            best, kept, waited = score, copy.deepcopy(flow.state_dict()), 0
        if waited >= 30:
            break
    flow.load_state_dict(kept)
    return partial(_scored, flow)


def _scored(flow: torch.nn.Module, rows: Rows) -> Rows:
    with torch.no_grad():
        return flow().log_prob(torch.from_numpy(rows).float()).double().numpy()


def by_spec(
    names: list[str], text: str | None, known: Rows, new: Rows, settings: Mapping[str, int]
) -> float:
    """The mean log-density of new rows by the spec, trained as it is but for the settings."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "table.csv"
        write_table(str(path), names, known.T)
        flow = flowspec.parse(
            text.replace("{d}", str(len(names))) if text else spec(read_table(path))
        )
        columns = [names.index(name) for name in flow.columns] if flow.event else slice(None)
        model = flowspec.fit(flow, known[:, columns], engine=Engine("cpu"), **settings)
        points = cell_middles(new[:, columns], flow.columns, flow.train.get("dequantize", ()))
        return float(model.log_prob(points).mean())


def scores(
    table: pd.DataFrame, split: int, text: str | None, with_zuko: bool, settings: Mapping[str, int]
) -> dict[str, float]:
    """Every density's score on one split, and the seconds of the spec's training."""
    names = [name.replace(" ", "_") for name in table.columns]
    rows = np.random.default_rng(split).permutation(table.to_numpy(float))
    known, new = np.split(rows, [round(TRAINED * len(rows))])
    found = {name: standardized(fit, known, new) for name, fit in BASELINES.items()}
    if with_zuko:
        found["zuko"] = standardized(by_zuko, known, new)
    begin = time.perf_counter()
    found["flowspec"] = by_spec(names, text, known, new, settings)
    found["seconds"] = time.perf_counter() - begin
    return found


def summary(values: Rows, digits: int = 2) -> str:
    """A mean with its standard error over the splits."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    return f"{np.mean(values):.{digits}f} ± {error:.{digits}f}"


DENSITIES = ("flowspec", "zuko", *BASELINES)
HEADS = ["table", "rows x columns", *DENSITIES, "gain", "over", "seconds"]


def line(title: str, table: pd.DataFrame, found: pd.DataFrame) -> list[str]:
    """The cells of a table's line: every density, and the gain over the best simple one."""
    best = max(BASELINES, key=lambda name: found[name].mean())
    return [
        title,
        f"{len(table):,} x {table.shape[1]}",
        *(summary(found[name].to_numpy()) if name in found else "" for name in DENSITIES),
        summary((found["flowspec"] - found[best]).to_numpy()),
        best,
        f"{found['seconds'].mean():.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--only", choices=sorted(TABLES), action="append")
    parser.add_argument("--flow", type=Path)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--without-zuko", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    text = options.flow.read_text() if options.flow else None
    settings = {} if options.epochs is None else {"epochs": options.epochs}
    lines: list[list[str]] = []
    for title in options.only or [t for t in TABLES if options.large or t not in LARGE]:
        table = TABLES[title]()
        if table is None:
            print(f"{title}: its package is not installed")
            continue
        found = pd.DataFrame(
            [
                scores(table, n, text, not options.without_zuko, settings)
                for n in range(options.splits)
            ]
        )
        lines.append(line(title, table, found))
        print("  ".join(f"{h} {c}" for h, c in zip(HEADS, lines[-1], strict=True)), flush=True)
        if options.json:
            shown = (
                f"Nats a row of rows held out, mean and standard error of {options.splits} splits"
            )
            write(options.json, [Table(shown, HEADS, lines)])


if __name__ == "__main__":
    main()
