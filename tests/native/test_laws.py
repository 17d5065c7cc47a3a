"""What C makes of every base, step and architecture: the numbers of the formulas, and the same bits
for one row and for many.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from c_library import Library  # noqa: E402 (after the skip)
from flowspec.export.graphs import (  # noqa: E402
    from_noise_graph,
    log_prob_grad_graph,
    noise_graph,
    to_base_graph,
)
from flowspec.export.targets import Target  # noqa: E402
from flowspec.export.vectors import (  # noqa: E402
    FAR,
    allowed_difference,
    any_of_row,
    graph_inputs,
    moved,
    outputs,
    unsettled,
)
from flowspec.ops.numpy import NumpyOps  # noqa: E402
from flowspec.ops.philox import noise  # noqa: E402
from flowspec.runtime.verification import difference_of_rows  # noqa: E402
from tests.test_gradient_laws import LABELS, model_of  # noqa: E402
from tests.test_laws import LOSS  # noqa: E402

GRAPHS = {
    "to_base": to_base_graph,
    "from_noise": from_noise_graph,
    "log_prob_grad": log_prob_grad_graph,
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]


def cases(dtype):
    """Every second flow in float32, every fourth in float64, and gradients of half of these; with
    ALL_OF_C in the environment everything.
    """
    everything = bool(os.environ.get("ALL_OF_C"))
    first, distance = (0, 2) if dtype == "float32" else (1, 4)
    for number, label in enumerate(LABELS):
        if everything or number % distance == first:
            yield from ((number, label, graph) for graph in ("to_base", "from_noise"))
            if everything or number // distance % 2 == 0:
                yield number, label, "log_prob_grad"


@pytest.fixture(scope="module", params=["float32", "float64"])
def library(request, tmp_path_factory):
    """The functions of all cases in one file."""
    made = Library(request.param, rows_only="log_prob_grad")
    target = Target(request.param, keeps_stages=True)
    for number, label, graph in cases(request.param):
        made.add(f"f{number}_{graph}", GRAPHS[graph](model_of(label).fixed, target))
    made.build(tmp_path_factory.mktemp("laws"), "-O0")
    return made


def test_c_gives_the_numbers_of_the_formulas(library):
    wrong = []
    for number, label, graph in cases(str(library.dtype)):
        apart, allowed, same = compared(library, number, label, graph)
        if not apart <= allowed or not same:
            wrong.append((label, graph, apart, allowed, same))
    assert wrong == []


def compared(library, number, label, graph):
    """The largest difference, the allowed one, and whether one row alone gives the same bits."""
    model, target = model_of(label), Target(str(library.dtype))
    exact = replace(target, dtype="float64", data=target.dtype)
    feeds = graph_inputs(graph, model, target)
    expected, accurate = (outputs(graph, model, each, feeds) for each in (target, exact))
    name = f"f{number}_{graph}"
    found = library.call(name, feeds, one_by_one=graph == "log_prob_grad")
    alone = library.call(name, feeds, one_by_one=True)
    same = all(np.array_equal(found[key], alone[key], equal_nan=True) for key in found)
    allowed = allowed_difference(model.flow, feeds, expected, accurate, target.dtype)
    kept = ~open_rows(graph, model, exact, feeds, expected, accurate, allowed)
    rows = {key: value[kept] for key, value in feeds.items()}
    nowhere = np.isneginf(expected["log_prob"][kept])
    apart = [
        difference_of_rows(rows, found[key].reshape(value.shape)[kept], value[kept], nowhere)
        for key, value in expected.items()
    ]
    return max(apart), allowed * LOSS.get(label, 1), same


def open_rows(graph, model, exact, feeds, expected, accurate, allowed):
    """Rows that the float type does not determine."""
    if graph == "log_prob_grad":
        nearby = [outputs(graph, model, exact, moved(feeds, side)) for side in (-1, 1)]
        return unsettled(expected, accurate, nearby, allowed)
    far = any_of_row(np.abs(feeds.get("x", feeds.get("noise"))) > FAR)
    if exact.data == "float64":  # nothing is more accurate, and tells
        return far
    return unsettled(expected, accurate, [], allowed) & far


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_c_draws_the_noise_of_all_seeds(dtype, tmp_path):
    model = model_of("given base")
    made, target = Library(dtype), Target(dtype)
    made.add("noise", noise_graph(model.fixed, target))
    made.build(tmp_path, "-O1")
    for seed, first in ((0, 0), (-5, 2**40), (2**62, -7)):
        rows = first + np.arange(21)
        expected = np.asarray(noise(NumpyOps(dtype), np.int64(seed), rows, list(model.flow.noise)))
        for one_by_one in (False, True):
            given = {"seed": np.int64(seed), "first_row": np.int64(first), "n": np.int64(21)}
            found = made.call("noise", given, one_by_one=one_by_one)["noise"]
            uniform = [kind == "uniform" for kind in model.flow.noise]
            np.testing.assert_array_equal(found[:, uniform], expected.T[:, uniform])
            np.testing.assert_allclose(found, expected.T, rtol=1e-5, atol=1e-6)
