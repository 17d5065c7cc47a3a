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


@pytest.mark.parametrize(
    ("declared", "rows", "wider"),
    [
        ("nonnegative", [1.0, 0.0, 0.01, 2.0], "[-0.005, inf)"),
        ("[0, 1]", [0.5, 0.0, 1.0, 0.98], "[-0.2, 1.01]"),
        ("[0, 1)", [0.0, 0.0, 0.003], "[-0.001, 1)"),
        ("(0, 1)", [0.5, 1.0, 0.9], "(0, 1.05]"),
        ("[40, inf)", [41.0, 40.0, 40.1], "[39.95, inf)"),
        ("(-inf, 7]", [7.0, 6.5, 1.0], "(-inf, 7.2]"),
        ("[40000, inf)", [40000.0, 40000.001, 40000.1], "[39999.95, inf)"),
    ],
)
def test_rows_at_an_end_are_told_an_end_that_takes_them(declared, rows, wider):
    with pytest.raises(flowspec.FlowError) as caught:
        array_source(flowspec.parse(FLOW.format(declared)), np.array(rows))
    (mistake,) = caught.value.diagnostics
    assert "exactly at an end" in mistake.note
    assert f"declare `a: {wider}`" in mistake.help
    assert len(array_source(flowspec.parse(FLOW.format(wider)), np.array(rows))) == len(rows)


def test_a_context_at_an_end_is_told_to_have_it():
    rows, context = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, 2.0])
    text = "context z: {}\nevent a: real\nNSF(1, transforms=1)"
    with pytest.raises(flowspec.FlowError) as caught:
        array_source(flowspec.parse(text.format("positive")), rows, context)
    (mistake,) = caught.value.diagnostics
    assert "declare `z: nonnegative`" in mistake.help and not mistake.note
    assert len(array_source(flowspec.parse(text.format("nonnegative")), rows, context)) == 3
