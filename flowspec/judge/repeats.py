"""Values that occur again and again."""

from __future__ import annotations

import numpy as np

from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import Item, Word, worst

LOOK, BAD = 0.02, 0.1
"""Share of the rows at one value that the samples do not have so often."""


def repeats(evidence: Evidence) -> Item:
    """The commonest value of each column: its share in the data and in the samples."""
    found, words = {}, list[Word]()
    for name, data, drawn in zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True):
        values, counts = np.unique(data, return_counts=True)
        value = float(values[counts.argmax()])
        share, model = float(counts.max() / len(data)), float((drawn == value).mean())
        found[name] = {"value": value, "data": share, "model": model}
        gap = share - model
        single = counts.max() < 5  # a few ties by rounding
        words.append("fine" if single or gap < LOOK else "bad" if gap >= BAD else "look")
    name = max(found, key=lambda key: found[key]["data"] - found[key]["model"])
    each = found[name]
    figure = (
        f"{100 * each['data']:.1f} % of `{name}` are {each['value']:g}, "
        f"of the samples {100 * each['model']:.1f} %"
    )
    if worst(words) == "fine":
        figure = "no value of the data is missing in the samples"
    return Item("repeats", worst(words), figure, found)
