"""Gradients that are too long are made shorter, as torch makes them."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from flowspec.train.clipping import clip_gradients


def weights(*gradients):
    made = []
    for gradient in gradients:
        weight = torch.nn.Parameter(torch.zeros(3))
        weight.grad = None if gradient is None else torch.tensor(gradient)
        made.append(weight)
    return made


@pytest.mark.parametrize("longest", [0.5, 5.0, 100.0])
def test_they_are_those_of_torch(longest):
    ours, theirs = (weights([3.0, 0.0, 4.0], None, [0.0, 12.0, 0.0]) for _ in range(2))
    norm = clip_gradients(ours, longest)
    assert norm == torch.nn.utils.clip_grad_norm_(theirs, longest).item() == 13
    for one, other in zip(ours, theirs, strict=True):
        assert (one.grad is None and other.grad is None) or torch.equal(one.grad, other.grad)


def test_what_is_not_finite_is_told_by_the_norm():
    assert math.isnan(clip_gradients(weights([math.nan, 0.0, 0.0]), 1.0))
    assert clip_gradients(weights([math.inf, 0.0, 0.0]), 1.0) == math.inf
    assert clip_gradients(weights(None), 1.0) == 0
