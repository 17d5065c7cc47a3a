"""Pictures of pages: SVG in a folder beside the site."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from flowspec.language.catalogue import Entry
from flowspec.plots import components
from flowspec.plots.components import AFTER, BEFORE, STYLE, panels

__all__ = ["AFTER", "BEFORE", "STYLE", "panels", "picture", "saved"]

FOLDER = Path(__file__).parents[3] / "build" / "pictures"


def picture(entry: Entry) -> str:
    """The picture of an entry; its path as pages write it."""
    with matplotlib.rc_context(STYLE):
        return saved(components.picture(entry), entry.name)


def saved(figure: Figure, name: str) -> str:
    """A figure in the folder of pictures; its path as pages write it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.svg").write_bytes(components.written(figure, "svg"))
    return f"/../build/pictures/{name}.svg"
