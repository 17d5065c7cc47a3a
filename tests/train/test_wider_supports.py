"""Rows outside the support are told with the support as declared, and the one that takes them."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.train.feed.sources import array_source

FLOW = "event a: {}\nNormal(learn(0), learn(1)) |> Standardize |> Onto(event)"


@pytest.mark.parametrize(
    ("declared", "rows", "told"),
    [
        ("nonnegative", [1.0, 0.0, 2.0], "`a` (positive; declared nonnegative), the first"),
        ("positive", [1.0, 0.0, -2.0], "`a` (positive), the first"),
        ("(0, 1)", [0.5, 3.0, 0.2], "`a` (0, 1), the first"),
        ("(0, 1)", [0.5, 3.0, -0.2], "`a` (0, 1), the first"),
    ],
)
def test_the_support_that_is_advised_takes_the_rows(declared, rows, told):
    with pytest.raises(flowspec.FlowError) as caught:
        array_source(flowspec.parse(FLOW.format(declared)), np.array(rows))
    (mistake,) = caught.value.diagnostics
    assert told in mistake.message
    wider = re.search(r"declare `a: (\w+)`", mistake.help)[1]
    assert wider == ("positive" if min(rows) > 0 else "real")
    assert len(array_source(flowspec.parse(FLOW.format(wider)), np.array(rows))) == 3
