"""Make the small tables of the examples from scikit-learn's bundled data.

    python examples/data/make_tables.py


Writes next to itself:
    iris.csv       four lengths in cm, all positive, and the species as a word
    wine.csv       five measurements of 178 wines, and the shares of three phenols, which sum to 1
    diabetes.csv   body-mass index, blood pressure and the progression of the disease after a year
    two_moons.csv  2000 points of two interleaved arcs, with noise
"""

from __future__ import annotations

import csv
from pathlib import Path

from sklearn.datasets import load_diabetes, load_iris, load_wine, make_moons

HERE = Path(__file__).parent


def write(name: str, header: list[str], rows: list[list]) -> None:
    """One table, as CSV with the digits that the source has."""
    with (HERE / name).open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def iris() -> None:
    data = load_iris()
    species = [str(data.target_names[i]) for i in data.target]
    header = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
    write(
        "iris.csv",
        header,
        [[*map(float, row), word] for row, word in zip(data.data, species, strict=True)],
    )


def wine() -> None:
    data = load_wine()
    column = {name: data.data[:, i] for i, name in enumerate(data.feature_names)}
    header = [
        "alcohol",
        "malic_acid",
        "ash",
        "hue",
        "color_intensity",
        "flavanoids",
        "nonflavanoids",
        "proanthocyanins",
    ]
    phenols = ["flavanoids", "nonflavanoid_phenols", "proanthocyanins"]
    rows = []
    for i in range(len(data.data)):
        total = sum(column[name][i] for name in phenols)
        first, second = (round(float(column[name][i] / total), 6) for name in phenols[:2])
        measured = [float(column[name][i]) for name in header[:5]]
        rows.append([*measured, first, second, round(1 - first - second, 6)])
    write("wine.csv", header, rows)


def diabetes() -> None:
    data = load_diabetes(scaled=False)
    bmi, pressure = data.feature_names.index("bmi"), data.feature_names.index("bp")
    rows = [
        [float(x[bmi]), float(x[pressure]), float(y)]
        for x, y in zip(data.data, data.target, strict=True)
    ]
    write("diabetes.csv", ["bmi", "blood_pressure", "progression"], rows)


def two_moons() -> None:
    points, _ = make_moons(2000, noise=0.06, random_state=0)
    write(
        "two_moons.csv", ["x", "y"], [[round(float(value), 4) for value in row] for row in points]
    )


if __name__ == "__main__":
    iris()
    wine()
    diabetes()
    two_moons()
