"""The tour of `make demo`: samples and densities of the examples, one fit, and its picture.

python examples/demo.py      needs exported/ (python examples/export.py), and the extras train and
                             plot
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

import flowspec
from flowspec.data.tables.read import read_table
from flowspec.plots import conditional as conditional_plots
from flowspec.plots.samples import compared

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"
CONTEXTS = {"detector": [1.5], "prognosis": [26.0, 95.0]}
"""What the conditional examples are shown for."""


def show_bundles() -> None:
    """Two samples of each compiled example, through onnxruntime."""
    for path in sorted((ROOT / "exported").iterdir()):
        bundle = flowspec.load(path)
        given = CONTEXTS.get(path.name, [])
        context = np.tile(given, (2, 1)) if given else None
        x, log_prob = bundle.sample(
            None if bundle.context else 2, seed=1, context=context, with_log_prob=True
        )
        print(
            f"\n{path.name}: {', '.join(bundle.columns)}"
            + (
                " given "
                + ", ".join(f"{n} = {v}" for n, v in zip(bundle.context, given, strict=True))
                if given
                else ""
            )
        )
        for point, density in zip(x.reshape(2, -1), log_prob, strict=True):
            print(
                "   ",
                np.array2string(point, precision=4, suppress_small=True),
                f" log_prob {density:.4f}",
            )


def fit_iris() -> flowspec.Bundle:
    """Train the iris flow and compile it."""
    flow, table = (
        flowspec.read(ROOT / "examples" / "iris.flow"),
        read_table(ROOT / "examples" / "data" / "iris.csv"),
    )
    print("\nfitting examples/iris.flow to examples/data/iris.csv")
    model = flowspec.fit(flow, table.numbers(flow.columns), epochs=200, on_epoch=_tell)
    return flowspec.load(flowspec.compile(model, DEMO / "iris"))


def _tell(epoch) -> None:
    if epoch.number % 50 == 0:
        print(
            f"    epoch {epoch.number}: {epoch.loss:.3f} nats per row, "
            f"{epoch.validation:.3f} on rows held out"
        )


def draw(bundle: flowspec.Bundle) -> Path:
    """Data against samples: a histogram of each coordinate, a scatter of each pair."""
    data = read_table(ROOT / "examples" / "data" / "iris.csv").numbers(bundle.columns)
    path = DEMO / "iris.png"
    path.write_bytes(compared(data, bundle.sample(len(data) * 8, seed=0), bundle.columns))
    return path


def draw_moons() -> Path:
    """The density that examples/two_moons.flow has learned, beside its data."""
    bundle = flowspec.load(ROOT / "exported" / "two_moons")
    data = read_table(ROOT / "examples" / "data" / "two_moons.csv").numbers(bundle.columns)
    low, high = data.min(axis=0) - 0.25, data.max(axis=0) + 0.25
    x, y = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 200))
    density = np.exp(
        bundle.log_prob(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
    ).reshape(x.shape)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained"
    )
    left.scatter(*data.T, s=2, color="black", linewidths=0)
    left.set_title("2000 points")
    mesh = right.pcolormesh(x, y, density, shading="auto", cmap="magma", rasterized=True)
    right.set_title("learned density")
    figure.colorbar(mesh, ax=right)
    path = DEMO / "two_moons.png"
    figure.savefig(path, dpi=110)
    return path


def draw_prognosis() -> Path:
    """The prognosis of examples/prognosis.flow by body-mass index, beside the patients."""
    bundle = flowspec.load(ROOT / "exported" / "prognosis")
    table = read_table(ROOT / "examples" / "data" / "diabetes.csv")
    values, context = table.numbers(bundle.columns), table.numbers(bundle.context)

    def sample(given: np.ndarray, first: int) -> np.ndarray:
        return bundle.sample(seed=0, context=given, first_row=first)

    grid, samples = conditional_plots.along(sample, context, 0, 60, 4000)
    held = {bundle.context[1]: float(np.median(context[:, 1]))}
    picture = conditional_plots.conditional(
        grid, samples, context[:, 0], values, bundle.context[0], bundle.columns, held
    )
    path = DEMO / "prognosis.png"
    path.write_bytes(picture)
    return path


def score(bundle: flowspec.Bundle) -> None:
    """The most and the least likely flower."""
    data = read_table(ROOT / "examples" / "data" / "iris.csv").numbers(bundle.columns)
    log_prob = bundle.log_prob(data)
    for word, index in (("most", log_prob.argmax()), ("least", log_prob.argmin())):
        print(
            f"    the {word} likely flower of the table: {data[index]}, "
            f"log_prob {log_prob[index]:.3f}"
        )


if __name__ == "__main__":
    show_bundles()
    fitted = fit_iris()
    score(fitted)
    print(f"\ndata against samples: {draw(fitted).relative_to(ROOT)}")
    print(f"a learned density: {draw_moons().relative_to(ROOT)}")
    print(f"a distribution for each context: {draw_prognosis().relative_to(ROOT)}")
