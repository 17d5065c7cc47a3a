"""Permute and Reverse against zuko."""

import numpy as np
import pytest
import torch
import zuko

from flowspec import FlowError, parse
from flowspec.transforms.linear.permute import Permute, Reverse

X = np.random.default_rng(0).normal(size=(4, 5))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_permute_equals_zuko(agree, order):
    agree(Permute(order), zuko.transforms.PermutationTransform(torch.tensor(order)), X)


def test_reverse_equals_zuko(agree):
    agree(Reverse(), zuko.transforms.PermutationTransform(torch.arange(3, -1, -1)), X)


def test_supports_move_along(support):
    text = "Uniform([0, 1, 2], [1, 2, 3])"
    assert support(f"{text} |> Permute([2, 0, 1])") == "[2, 3], [0, 1], [1, 2]"
    assert support(f"{text} |> inverse {{ Permute([2, 0, 1]) }}") == "[1, 2], [2, 3], [0, 1]"


@pytest.mark.parametrize("order", ["[0, 0]", "[0, 2]", "[0, 1, 2]"])
def test_refuses(order):
    with pytest.raises(FlowError):
        parse(f"Normal(0, 1)[2] |> Permute({order})")
