"""Pictures of the examples, from their bundles and their tables."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

import flowspec
from flow_site.pictures import AFTER, BEFORE, STYLE, panels, saved
from flowspec.data.tables.read import read_table

ROOT = Path(__file__).parents[3]


def two_moons() -> str:
    """The points, the density that was learned, and samples of it."""
    bundle, data = _example("two_moons")
    low, high = data.min(axis=0) - 0.25, data.max(axis=0) + 0.25
    x, y = np.meshgrid(np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 90))
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    density = np.exp(bundle.log_prob(points)).reshape(x.shape)
    with matplotlib.rc_context(STYLE):
        figure, shown = panels("1,000 of 2,000 points", "learned density", "1,000 samples")
        shown[0].scatter(*data[:1000].T, s=1.5, color=BEFORE, linewidths=0)
        shown[1].pcolormesh(x, y, density, cmap="magma", rasterized=True)
        shown[2].scatter(*bundle.sample(1000, seed=1).T, s=1.5, color=AFTER, linewidths=0)
        for panel in shown:
            panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        path = saved(figure, "two_moons")
    return f"![Points, the density learned from them, and samples of it]({path})"


def iris() -> str:
    """Two columns of the table of flowers against samples."""
    bundle, data = _example("iris")
    samples = bundle.sample(1000, seed=1)
    with matplotlib.rc_context(STYLE):
        figure, (pair, one) = panels("petals: width over length (cm)", "petal length (cm)")
        pair.scatter(*samples[:, 2:4].T, s=3, color=AFTER, linewidths=0, alpha=0.6)
        pair.scatter(*data[:, 2:4].T, s=6, color=BEFORE, linewidths=0)
        pair.set(xlim=(0, 8), ylim=(0, 3.5))
        bins = np.linspace(0, 8, 33)
        one.hist(data[:, 2], bins, density=True, color=BEFORE, alpha=0.5)
        one.hist(samples[:, 2], bins, density=True, histtype="step", color=AFTER)
        path = saved(figure, "iris")
    return f"![150 flowers in gray, 1,000 samples in orange]({path})"


def prognosis() -> str:
    """Quantiles of the progression by body-mass index, beside the patients."""
    bundle, data = _example("prognosis", "diabetes")
    table = read_table(ROOT / "examples" / "data" / "diabetes.csv")
    bmi, pressure = table.numbers(bundle.context).T
    grid = np.linspace(bmi.min(), bmi.max(), 40)
    context = np.stack([grid, np.full_like(grid, np.median(pressure))], axis=1).repeat(500, axis=0)
    samples = bundle.sample(seed=1, context=context).reshape(len(grid), 500)
    with matplotlib.rc_context(STYLE):
        figure, (panel,) = panels("progression by body-mass index")
        for share in (0.05, 0.25):
            low, high = np.quantile(samples, [share, 1 - share], axis=1)
            panel.fill_between(grid, low, high, color=AFTER, alpha=0.25, linewidth=0)
        panel.plot(grid, np.median(samples, axis=1), color=AFTER)
        panel.scatter(bmi, data, s=3, color=BEFORE, linewidths=0)
        path = saved(figure, "prognosis")
    return f"![Median, half and nine tenths of the distribution, and the patients]({path})"


def _example(name: str, table: str = "") -> tuple[flowspec.Bundle, np.ndarray]:
    bundle = flowspec.load(ROOT / "exported" / name)
    rows = read_table(ROOT / "examples" / "data" / f"{table or name}.csv")
    return bundle, rows.numbers(bundle.columns)
