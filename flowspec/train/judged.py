"""The verdict on a fit at its end, by the rows that were held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from flowspec.data.tables.whole_numbers import rounded_down
from flowspec.diagnostics.quantities import amount
from flowspec.runtime.bundle import Bundle
from flowspec.train.ensemble import Ensemble
from flowspec.train.feed.rows import Rows
from flowspec.train.training import Training

if TYPE_CHECKING:
    from flowspec.judge.verdict import Item

LEAST_ROWS, MOST_ROWS = 50, 2000
"""Rows held out by which a fit is judged."""

MOST_COLUMNS = 50
"""Of more columns every pair would take longer than many a training."""

NEEDED = ("sklearn", "scipy", "threadpoolctl")
NOT_INSTALLED = 'note: the fit is not judged: that takes `pip install "flowspec[judge]"`'
SEEN = (
    "note: no verdict, as the rows that a member held out were trained on by others: "
    "`flowspec judge` gives one by another table"
)

Judged = dict[str, Any]


def judged(training: Training | Ensemble, bundle: Bundle, scores: Mapping[str, float]) -> Judged:
    """What `flowspec judge` says by rows held out: how many they are, the verdict, and each item
    with its verdict and its figure. Empty, where there are no rows that nothing has seen, or only
    few, or rows with weights; `is_seen` where members of an ensemble have seen the rows of others;
    what judges and is not installed is in `missing`.

    scores   of simple densities, as `baselines` gives them
    """
    if not is_judged(training, bundle):
        return {}
    if isinstance(training, Ensemble) and not training.shares_held_out:
        return {"is_seen": True}
    if not is_installed():
        return {"missing": [name for name in NEEDED if not find_spec(name)]}
    from flowspec.judge.judging import judge
    from flowspec.judge.verdict import worst

    held, known = training.batches.judged(MOST_ROWS), training.batches.trained(MOST_ROWS)
    if held is None or held.weights is not None:
        return {}
    values, context = _plain(held, bundle)
    trained_on = None if known is None else _plain(known, bundle)[0]
    found = judge(bundle, values, context, trained_on=trained_on, against=())
    # Of an ensemble the scores are those of its members, one by one.
    known_scores = {} if isinstance(training, Ensemble) else scores
    items = [_beside(item, known_scores) for item in found.items]
    return {
        "rows": found.rows,
        "verdict": worst([item.verdict for item in items]),
        "items": [
            {"name": item.name, "verdict": item.verdict, "figure": item.figure} for item in items
        ],
    }


def is_installed() -> bool:
    """True where what `flowspec judge` needs is there."""
    return all(find_spec(name) for name in NEEDED)


def is_judged(training: Training | Ensemble, bundle: Bundle) -> bool:
    """True where enough rows are held out, and all graphs are there."""
    count = training.batches.rows[1] or 0
    return (
        count >= LEAST_ROWS
        and len(bundle.columns) <= MOST_COLUMNS
        and {"log_prob", "sample"} <= {*bundle.graphs}
    )


def _plain(rows: Rows, bundle: Bundle) -> tuple[np.ndarray, np.ndarray | None]:
    """Values (N, D), dequantized numbers being whole, and the context (N, C)."""
    values = rows.values.double().numpy().reshape(len(rows), -1)
    context = None if rows.context is None else rows.context.double().numpy()
    return rounded_down(values, bundle.columns, bundle.dequantized), context


def _beside(item: Item, scores: Mapping[str, float]) -> Item:
    """The item of the score, with the difference to the better one of the simple densities."""
    if item.name != "score" or not scores:
        return item
    from flowspec.judge.score import of_gain
    from flowspec.judge.verdict import worst

    name = max(("gaussian", "mixture"), key=lambda name: scores[name])
    gain, error = scores["flow"] - scores[name], scores["standard_error"]
    figure = f"{item.figure}, {gain:+.3f} +- {error:.3f} over a {name}"
    word = worst([item.verdict, of_gain(gain, error)])
    return dataclasses.replace(item, verdict=word, figure=figure)


def in_words(found: Judged) -> Iterator[str]:
    """The items that are not fine, a line each, and the verdict."""
    if "missing" in found:
        yield NOT_INSTALLED
    if "is_seen" in found:
        yield SEEN
    if "verdict" not in found:
        return
    for item in found["items"]:
        if item["verdict"] != "fine":
            yield f"{item['verdict']}: {item['name']}: {item['figure']}"
    yield f"verdict by {amount(found['rows'], 'row')} held out: {found['verdict']}"
