"""Random flows in C against the formulas, in float64: operations beside others than in the laws."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import flowspec
from c_library import Library
from flowspec.export.graphs import from_noise_graph, log_prob_grad_graph, to_base_graph
from flowspec.export.targets import Target
from flowspec.export.vectors import FAR, any_of_row, graph_inputs, outputs
from flowspec.ir.registry import bases, transforms
from flowspec.model.model import Model
from flowspec.runtime.verification import differences_of_rows, relative_difference
from random_flows import random_flow

EVERYTHING = bool(os.environ.get("ALL_OF_C"))
FLOWS = range(int(os.environ.get("RANDOM_FLOWS", 500 if EVERYTHING else 80)))
"""With ALL_OF_C in the environment 500 of them, or as many as RANDOM_FLOWS says."""

AT_A_TIME = 40
"""Flows in one file."""

DOUBLE, SINGLE = Target("float64", keeps_stages=True), Target("float32")
ALLOWED = 1e-12
LOSS = 30
"""How much more a compiler may lose than the formulas do."""

MOST_LOST = 0.01
"""Rows do not count of which float32 loses so much: their digits are those of rounding."""

STEP, NEIGHBORS, JUMP = 1e-13, 8, 1e-6
"""How far away the neighbors of a point are, how many there are, and what is a jump."""

GRAPHS = {
    "to_base": to_base_graph,
    "from_noise": from_noise_graph,
    "log_prob_grad": log_prob_grad_graph,
}
COMPILER = next((name for name in ("clang", "cc") if shutil.which(name)), "")
"""clang is three times as fast; the laws are compiled with cc."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not COMPILER, reason="there is no C compiler"),
]


def model_of(number: int) -> Model:
    """A random flow with weights that are not those of its start, where it takes such."""
    start = Model(flowspec.parse(random_flow(number)))
    random = np.random.default_rng(number)
    weights = start.complete_weights.items()
    try:
        return Model(start.flow, {path: value * random.uniform(0.5, 2) for path, value in weights})
    except flowspec.FlowError:
        return start


def graphs_of(number: int) -> list[str]:
    """Every third flow has its gradient compiled, too."""
    return [graph for graph in GRAPHS if graph != "log_prob_grad" or number % 3 == 0]


@pytest.mark.parametrize("first", FLOWS[::AT_A_TIME])
def test_random_flows_give_the_numbers_of_the_formulas(first, tmp_path):
    library = Library("float64", rows_only="log_prob_grad")
    models = {number: model_of(number) for number in FLOWS[first : first + AT_A_TIME]}
    for number, model in models.items():
        for graph in graphs_of(number):
            library.add(f"f{number}_{graph}", GRAPHS[graph](model.fixed, DOUBLE))
    library.build(tmp_path, "-O0", compiler=COMPILER, warnings=False)
    wrong = [
        (random_flow(number), graph, *found)
        for number, model in models.items()
        for graph in graphs_of(number)
        if (found := differences(library, f"f{number}_{graph}", graph, model))
    ]
    assert wrong == []


def differences(library: Library, name: str, graph: str, model: Model) -> tuple[object, ...]:
    """Rows that differ by more than they may, or from what the same row gives alone. Rows with NaN
    have no density, whatever else they have.
    """
    feeds = graph_inputs(graph, model, DOUBLE)
    with np.errstate(all="ignore"):
        expected, rough = (outputs(graph, model, target, feeds) for target in (DOUBLE, SINGLE))
    alone = library.call(name, feeds, one_by_one=True)
    together = library.call(name, feeds, one_by_one=graph == "log_prob_grad")
    lost = _of_rows(relative_difference, rough, expected)
    counts = (lost < MOST_LOST) & ~jumps(graph, model, feeds, expected)
    scale = np.finfo(np.float64).eps / np.finfo(np.float32).eps
    allowed = max(ALLOWED, LOSS * scale * lost[counts].max(initial=0))
    nowhere = np.isneginf(expected["log_prob"])
    apart = _of_rows(lambda a, b: differences_of_rows(feeds, a, b, nowhere), alone, expected)
    nan = any_of_row(np.isnan(feeds.get("x", feeds.get("noise"))))
    kept = nan & ~np.isnan(alone["log_prob"].reshape(-1))
    wrong = np.flatnonzero(kept | (counts & ~nan & ~(apart <= allowed)))
    unlike = [key for key in alone if not np.array_equal(alone[key], together[key], equal_nan=True)]
    return (wrong.tolist(), apart[wrong].tolist(), allowed, unlike) if wrong.size or unlike else ()


def jumps(graph: str, model: Model, feeds, expected) -> np.ndarray:
    """True for rows next to the overflow, and for those where rounding chooses: on knots and on
    ends, points nearby have other values.
    """
    (key,) = {"x", "noise"} & feeds.keys()
    x, random = feeds[key], np.random.default_rng(0)
    step = STEP * (1 + np.abs(x))
    with np.errstate(all="ignore"):
        moved = [x + step * random.choice([-1, 1], x.shape) for _ in range(NEIGHBORS)]
        more = {name: np.concatenate([value] * NEIGHBORS) for name, value in feeds.items()}
        values = outputs(graph, model, DOUBLE, more | {key: np.concatenate(moved)})
    again = {name: np.concatenate([value] * NEIGHBORS) for name, value in expected.items()}
    away = (_of_rows(relative_difference, values, again) > JUMP).reshape(NEIGHBORS, -1)
    return away.any(axis=0) | any_of_row(np.abs(x) > FAR)


def _of_rows(difference, actual, expected) -> np.ndarray:
    """The largest difference of each row."""
    each = [
        np.asarray(difference(actual[key].reshape(value.shape), value)).reshape(len(value), -1)
        for key, value in expected.items()
    ]
    return np.concatenate(each, axis=1).max(axis=1)


def test_the_flows_are_of_nearly_everything_in_the_registry():
    text = "\n".join(random_flow(number) for number in FLOWS)
    names = {*bases(), *transforms()}
    assert len([name for name in names if f"{name}" in text]) > 0.8 * len(names)
