"""Indices that stand at even distances are a slice."""

from __future__ import annotations

import pytest

from flowspec.ops.indices import evenly


@pytest.mark.parametrize("indices", [[0], [3], [0, 1, 2], [1, 3, 5], (2, 6, 10)])
def test_the_slice_picks_the_same(indices):
    assert list(range(20))[evenly(indices)] == list(indices)


@pytest.mark.parametrize("indices", [[], [0, 0], [2, 1, 0], [0, 1, 3], [1, 2, 2]])
def test_what_is_none_is_none(indices):
    assert evenly(indices) is None
