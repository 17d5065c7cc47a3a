"""Figures with a panel for each coordinate."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowspec.plots.style import png

MOST_PANELS = 12
"""Coordinates that get a panel of their own, where each needs one to be read."""


def panels(names: Sequence[str], width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each name, up to `MOST_PANELS`."""
    count = min(len(names), MOST_PANELS)
    lines = -(-count // 4)
    columns = -(-count // lines)
    size = max(4.6, width * columns), height * lines + 1
    figure = Figure(figsize=size, layout="compressed")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, list(axes[:count])


def label_edges(axes: Sequence[Axes], below: str, left: str = "") -> None:
    """Labels at the edges of the figure alone: all panels share them."""
    for i, axis in enumerate(axes):
        place = axis.get_subplotspec()
        assert place is not None  # `panels` makes a grid
        columns = place.get_gridspec().ncols
        if i + columns >= len(axes):
            axis.set_xlabel(below)
        if left and i % columns == 0:
            axis.set_ylabel(left)


def left_out(names: Sequence[str]) -> str:
    """The words of a title that say that not every coordinate has a panel."""
    if len(names) <= MOST_PANELS:
        return ""
    return f"the first {MOST_PANELS} of {len(names)} coordinates"


def finished(figure: Figure, axes: Sequence[Axes], title: Sequence[str]) -> bytes:
    """The figure as PNG, with the non-empty pieces of a title, and a legend for all panels."""
    width = int(12 * figure.get_figwidth())
    figure.align_ylabels()
    figure.suptitle(textwrap.fill("; ".join(filter(None, title)), width), fontsize=9)
    handles, labels = axes[0].get_legend_handles_labels()
    columns = 4 if figure.get_figwidth() > 8 else 2
    figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=columns)
    return png(figure)
