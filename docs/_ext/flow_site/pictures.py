"""Pictures of components: a map and what it does to a density, or a density and samples.

They are SVG in colors that can be read on light and dark pages.
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flow_site.shown import Rows, model_of, samples
from flowspec.language.catalogue import Entry
from flowspec.model.model import Model
from flowspec.ops.numpy import REFERENCE
from flowspec.support.circle import Circle
from flowspec.support.support import Interval
from flowspec.transforms.transform import Transform, Univariate, bound_to_reference

FOLDER = Path(__file__).parents[3] / "build" / "pictures"
INK, BEFORE, AFTER = "#808890", "#8a93a0", "#d1602b"
STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 9,
    "font.size": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "flowspec",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
FAR = 4.0
"""What is shown of an unbounded support."""

SHOWN_LIMIT = 8.0
"""Values beyond are left out of a picture of a map."""


def picture(entry: Entry) -> str:
    """The picture of an entry; its path as pages write it."""
    with matplotlib.rc_context(STYLE):
        return saved(_drawn(entry), entry.name)


def saved(figure: Figure, name: str) -> str:
    """A figure in the folder of pictures; its path as pages write it."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(stream.getvalue())
    return f"/../build/pictures/{name}.svg"


def _drawn(entry: Entry) -> Figure:
    model = model_of(entry)
    if entry.kind == "base":
        return _base(model)
    transform = bound_to_reference(model.fixed.steps[-1].transform)
    if isinstance(transform, Univariate):
        return _of_numbers(transform, model)
    return _of_events(transform, model)


def panels(*titles: str) -> tuple[Figure, list[Axes]]:
    width = 3.1 * len(titles)
    figure = Figure(figsize=(width, 2.3))
    figure.subplots_adjust(0.45 / width, 0.14, 1 - 0.1 / width, 0.9, 0.22)
    axes = list(figure.subplots(1, len(titles), squeeze=False)[0])
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title)
    return figure, axes


# --- bases ----------------------------------------------------------------------------------------


def _base(model: Model) -> Figure:
    x = samples(model, 2000)
    if x.shape[1] > 1:
        return _scattered(x)
    figure, (panel,) = panels("density, and 2,000 samples")
    low, high = np.quantile(x, [0.005, 0.995])
    margin = 0.1 * (high - low)
    grid = np.linspace(low - margin, high + margin, 400)
    panel.hist(x[(x > grid[0]) & (x < grid[-1])], 50, density=True, color=BEFORE, alpha=0.35)
    panel.plot(grid, np.exp(model.log_prob(grid)), color=AFTER)
    return figure


def _scattered(x: Rows) -> Figure:
    figure, (panel,) = panels("samples of the first two coordinates")
    panel.scatter(*x[:700, :2].T, s=3, color=AFTER, linewidths=0)
    return figure


# --- maps of a number -----------------------------------------------------------------------------


def _of_numbers(transform: Univariate, model: Model) -> Figure:
    """y over x, and the density of y; a line for each coordinate that has parameters of its own."""
    step = model.fixed.steps[-1]
    x, density = _input(transform.domain, step.input.supports[0])
    with np.errstate(all="ignore"):
        y, log_slope = transform.forward_and_log_slope(REFERENCE, np.tile(x, (step.input.size, 1)))
        behind = density * np.exp(-np.broadcast_to(log_slope, y.shape))
    figure, (map_, densities) = panels("y over x", "density of x, and of y")
    densities.plot(x, density, color=BEFORE, linestyle="--")
    for row in np.unique(np.round(y, 12), axis=0, return_index=True)[1]:
        shown = np.where(np.abs(y[row]) < SHOWN_LIMIT, y[row], np.nan)
        order = np.argsort(shown)
        map_.plot(x, _without_jumps(shown), color=AFTER)
        densities.plot(shown[order], behind[row][order], color=AFTER)
    map_.grid(alpha=0.25)
    densities.set_ylim(0, min(densities.get_ylim()[1], 3 * density.max()))
    return figure


def _without_jumps(y: Rows) -> Rows:
    """Values along a line, which is broken where a circle begins anew."""
    return np.where(np.abs(np.diff(y, append=y[-1])) > 2, np.nan, y)


def _input(domain: Interval, support: object) -> tuple[Rows, Rows]:
    """Numbers of a domain, and a density of them: normal, or one that fits the ends."""
    if isinstance(support, Circle) or np.isfinite([domain.low, domain.high]).all():
        ends = support if isinstance(support, Circle) else domain
        edge = 1e-3 * (ends.high - ends.low)
        x = np.linspace(ends.low + edge, ends.high - edge, 400)
        share = (x - ends.low) / (ends.high - ends.low)
        return x, 6 * share * (1 - share) / (ends.high - ends.low)
    if np.isfinite(domain.low):
        x = domain.low + np.linspace(1e-3, FAR + 2, 400)
        return x, (x - domain.low) * np.exp(domain.low - x)
    x = np.linspace(-FAR, FAR, 401)
    return x, np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


# --- maps of a whole event ------------------------------------------------------------------------


def _of_events(transform: Transform, model: Model) -> Figure:
    """A grid in the plane of the first two coordinates before and behind, and samples behind."""
    step = model.fixed.steps[-1]
    figure, (before, behind, drawn) = panels("before", "behind", "samples behind")
    for line in _grid(step.input.size):
        with np.errstate(all="ignore"):
            y, _ = transform.forward_and_log_det(REFERENCE, line)
        before.plot(*line[:2], color=BEFORE, linewidth=0.8)
        behind.plot(*np.asarray(y)[:2], color=AFTER, linewidth=0.8)
    drawn.scatter(*samples(model, 700)[:, :2].T, s=3, color=AFTER, linewidths=0)
    return figure


def _grid(size: int) -> list[Rows]:
    """The lines of a grid in the plane of the first two coordinates, the others 0."""
    along = np.linspace(-2, 2, 40)
    lines = []
    for place in np.linspace(-2, 2, 9):
        for first in (True, False):
            line = np.zeros((size, len(along)))
            line[0 if first else 1], line[1 if first else 0] = along, place
            lines.append(line)
    return lines
