"""Dropout: in the steps of a training alone, and the same however often it is interrupted."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import flowspec
from flowspec.ops.torch import TorchOps

FLOW = flowspec.parse("NSF(2, transforms=1, hidden=[16]) |> Standardize")
ROWS = np.random.default_rng(0).normal(size=(200, 2))


def test_a_share_is_left_out_and_the_rest_stands_for_all():
    ops, x = TorchOps(), torch.ones(200, 500)
    assert ops.thinned(x) is x
    ops.dropout = 0.25
    kept = ops.thinned(x)
    assert abs((kept == 0).float().mean() - 0.25) < 0.01
    assert torch.unique(kept).tolist() == pytest.approx([0, 4 / 3])


def test_only_steps_leave_something_out():
    module = flowspec.to_torch(FLOW)
    x = torch.as_tensor(ROWS, dtype=torch.float32)
    before, state = module().log_prob(x), torch.random.get_rng_state()
    with module.thinned(0.5, 1):
        inside = module().log_prob(x)
        assert (module().log_prob(x) != inside).any()
    with module.thinned(0.5, 1):
        assert (module().log_prob(x) == inside).all()
    assert (inside != before).any() and (module().log_prob(x) == before).all()
    assert (torch.random.get_rng_state() == state).all()


def test_the_same_seed_leaves_out_the_same():
    settings = {"epochs": 2, "steps": 0}
    first, same, other, plain = (
        flowspec.fit(FLOW, ROWS, seed=seed, dropout=dropout, **settings).weights
        for seed, dropout in ((0, 0.3), (0, 0.3), (1, 0.3), (0, 0.0))
    )

    def differ(a, b) -> bool:
        return any(not np.array_equal(a[path], b[path]) for path in a)

    assert not differ(first, same)
    assert differ(first, other) and differ(first, plain)


def test_where_nothing_is_learned_by_heart_nothing_is_left_out():
    with pytest.raises(flowspec.FlowError, match="`dropout` is for flows that learn from data"):
        flowspec.fit(FLOW, log_density=lambda x: -(x**2).sum(1), dropout=0.1, epochs=1)
