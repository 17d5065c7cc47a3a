"""Pictures of components: a map and what it does to a density, or a density and samples.

Their colors can be read on light and dark pages.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowspec.language.catalogue import Entry
from flowspec.model.model import Model
from flowspec.ops.numpy import REFERENCE
from flowspec.plots.example import Rows, model_of, samples
from flowspec.support.circle import Circle
from flowspec.support.support import Interval
from flowspec.transforms.transform import Transform, Univariate, bound_to_reference

INK, BEFORE, AFTER = "#808890", "#8a93a0", "#d1602b"
STYLE: Any = {
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


def picture(entry: Entry) -> Figure:
    """The figure of a base or a step, of its example."""
    model = model_of(entry)
    with matplotlib.rc_context(STYLE):
        if entry.kind == "base":
            return _base(model)
        transform = bound_to_reference(model.fixed.steps[-1].transform)
        if isinstance(transform, Univariate):
            return _of_numbers(transform, model)
        return _of_events(transform, model)


def image(entry: Entry, form: str = "png") -> bytes:
    """The picture of a base or a step, as PNG or SVG."""
    with matplotlib.rc_context(STYLE):
        return written(picture(entry), form)


def written(figure: Figure, form: str) -> bytes:
    """A figure as PNG or SVG: same input, same bytes."""
    stream = io.BytesIO()
    if form == "svg":
        figure.savefig(stream, format=form, transparent=True, metadata={"Date": None})
    else:
        figure.savefig(stream, format=form, dpi=150)
    return stream.getvalue()


def curve(entry: Entry) -> tuple[Rows, Rows, str] | None:
    """What a terminal draws: a line x, y and its title. None of what is no map of one number, and
    no density of one.
    """
    model = model_of(entry)
    if entry.kind == "base":
        x = samples(model, 2000)
        if x.shape[1] > 1:
            return None
        grid = _around(x)
        return grid, np.exp(model.log_prob(grid)), "density"
    transform = bound_to_reference(model.fixed.steps[-1].transform)
    if not isinstance(transform, Univariate):
        return None
    x, _, y, _ = _mapped(transform, model)
    return x, np.where(np.abs(y[0]) < SHOWN_LIMIT, y[0], np.nan), "y over x"


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
    grid = _around(x)
    panel.hist(x[(x > grid[0]) & (x < grid[-1])], 50, density=True, color=BEFORE, alpha=0.35)
    panel.plot(grid, np.exp(model.log_prob(grid)), color=AFTER)
    return figure


def _around(x: Rows) -> Rows:
    """A grid over nearly all of the samples."""
    low, high = np.quantile(x, [0.005, 0.995])
    margin = 0.1 * (high - low)
    return np.linspace(low - margin, high + margin, 400)


def _scattered(x: Rows) -> Figure:
    figure, (panel,) = panels("samples of the first two coordinates")
    panel.scatter(x[:700, 0], x[:700, 1], s=3, color=AFTER, linewidths=0)
    return figure


# --- maps of a number -----------------------------------------------------------------------------


def _of_numbers(transform: Univariate, model: Model) -> Figure:
    """y over x, and the density of y; a line for each coordinate that has parameters of its own."""
    x, density, y, behind = _mapped(transform, model)
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


def _mapped(transform: Univariate, model: Model) -> tuple[Rows, Rows, Rows, Rows]:
    """Numbers x and a density of them, (N,); y and its density for each coordinate, (D, N)."""
    step = model.fixed.steps[-1]
    x, density = _input(transform.domain, step.input.supports[0])
    with np.errstate(all="ignore"):
        mapped = transform.forward_and_log_slope(REFERENCE, np.tile(x, (step.input.size, 1)))
        y, log_slope = (np.asarray(each, float) for each in mapped)
        return x, density, y, density * np.exp(-np.broadcast_to(log_slope, y.shape))


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
    points = samples(model, 700)
    drawn.scatter(points[:, 0], points[:, 1], s=3, color=AFTER, linewidths=0)
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
