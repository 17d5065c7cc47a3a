"""Masks: what depends on what, in one pass, stage by stage and in a loop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec.networks.layers import run
from flowspec.networks.masks import Plan, generations
from flowspec.networks.rolled import Rolled
from flowspec.networks.unfolding import Unfolding
from flowspec.ops.numpy import REFERENCE
from flowspec.parts.trees import substitute
from flowspec.parts.values import Learn
from flowspec.transforms.transform import for_formulas

RANDOM = np.random.default_rng(0)


def bound(layers):
    """The layers with random weights."""

    def draw(path, value, spec):
        array = RANDOM.normal(size=np.shape(value.init)) if isinstance(value, Learn) else value
        return for_formulas(np.asarray(array, float), spec)

    return [substitute(layer, "", draw) for layer in layers]


def plan(dependence, columns=0, outputs=1):
    size = len(dependence)
    stages = generations(dependence)
    rows = np.concatenate([dependence, np.ones((size, columns), bool)], axis=1)
    known = np.concatenate([stages + 1, np.zeros(columns, int)])
    return Plan(np.tile(rows, (outputs, 1)), known, np.tile(stages, outputs))


def lower(size):
    return np.tril(np.ones((size, size), bool), -1)


def test_generations_are_the_longest_chains():
    assert generations(lower(4)).tolist() == [0, 1, 2, 3]
    assert generations(np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]], bool)).tolist() == [0, 1, 1]


def test_circular_dependence_has_no_generations():
    assert generations(np.array([[0, 1], [1, 0]], bool)) is None


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("columns", [0, 2])
def test_outputs_depend_on_what_the_adjacency_allows(residual, columns):
    dependence = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]], bool)
    layers = bound(plan(dependence, columns, outputs=2).layers((20, 20), "tanh", residual))
    x = RANDOM.normal(size=(4 + columns, 1))
    start = run(REFERENCE, layers, x)
    for column in range(4 + columns):
        nudged = x.copy()
        nudged[column] += 1
        changed = (run(REFERENCE, layers, nudged) != start)[:, 0]
        allowed = np.tile(dependence[:, column] if column < 4 else np.ones(4, bool), 2)
        assert changed.tolist() == allowed.tolist()


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("columns", [0, 2])
def test_stage_by_stage_gives_what_one_pass_gives(residual, columns):
    order = [2, 0, 3, 1]
    places = np.argsort(order)
    made = plan(places[:, None] > places, columns, outputs=3)
    layers = bound(made.layers((17, 9), "elu", residual))
    x = RANDOM.normal(size=(4 + columns, 5))
    expected = run(REFERENCE, layers, x)
    context = x[4:] if columns else None
    unfolding = Unfolding(REFERENCE, layers, [*range(4, 4 + columns), *order], context)
    for stage, coordinate in enumerate(order):
        fresh = x[order[stage - 1]][None] if stage else None
        found = unfolding.advance(fresh, stage)
        assert_allclose(np.broadcast_to(found, (3, 5)), expected[coordinate::4], atol=1e-12)


@pytest.mark.parametrize("columns", [0, 2])
@pytest.mark.parametrize("hidden", [(17, 9), (3,), ()])
def test_a_loop_gives_what_one_pass_gives(columns, hidden):
    order = [2, 0, 3, 1]
    places = np.argsort(order)
    layers = bound(
        plan(places[:, None] > places, columns, outputs=3).layers(hidden, "sigmoid", False)
    )
    x = RANDOM.normal(size=(4 + columns, 5))
    expected = run(REFERENCE, layers, x)
    network = Rolled(REFERENCE, layers, order, order, x[4:] if columns else None)
    known, units = np.zeros((4, 5)), network.start(np.zeros(5))
    for stage, coordinate in enumerate(order):
        found, units = network.advance(known, units, float(stage))
        assert_allclose(np.broadcast_to(found, (3, 5)), expected[coordinate::4], atol=1e-12)
        known = np.where(np.arange(4)[:, None] == stage, x[coordinate], known)
