"""Masked networks that keep what they have worked out give what networks give that start anew."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.export.graphs import from_noise_graph, to_base_graph
from flowspec.export.targets import Target
from flowspec.export.vectors import graph_inputs, replayed
from flowspec.model.model import Model

FLOWS = {
    "affine": "MAF(4, transforms=2, hidden=[7, 5])",
    "splines": "NSF(3, transforms=2, hidden=[9])",
    "inverse": "Normal(0, 1)[3] |> inverse { Autoregressive(Affine, hidden=[6], order=[2, 0, 1]) }",
    "circles": "NCSF(3, transforms=1, hidden=[8])",
    "context": "context a: real, b: real\nMAF(3, transforms=1, hidden=[5, 5])",
    "activation": 'Normal(0, 1)[3] |> Autoregressive(RQS(bins=3), hidden=[6], activation="elu")',
}


@pytest.mark.parametrize("text", FLOWS.values(), ids=FLOWS)
def test_stages_that_go_on_give_what_whole_networks_give(text):
    model, staged = Model(flowspec.parse(text)), 0
    for name, record in (("from_noise", from_noise_graph), ("to_base", to_base_graph)):
        target = Target("float64")
        feeds = graph_inputs(name, model, target)
        tapes = [
            record(model.fixed, Target("float64", keeps_stages=keeps)) for keeps in (False, True)
        ]
        expected, found = (replayed(tape, feeds) for tape in tapes)
        staged += sum(
            inner.op == "stage_of"
            for entry in tapes[1].entries
            if entry.op == "loop"
            for inner in entry.operands[1].entries
        )
        # How far NaN spreads is another matter.
        points = feeds.get("x", feeds.get("noise"))
        known = ~np.isnan(points).any(axis=1)
        for output, value in expected.items():
            np.testing.assert_allclose(found[output][known], value[known], rtol=1e-12, atol=1e-12)
    assert staged > 0
