"""The macros of the prelude: each is read by itself as it is in the whole text."""

from __future__ import annotations

from importlib import resources

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source
from flowspec.language.macros import Macros
from flowspec.language.parser import parse_text

TEXT = resources.files("flowspec.grammar").joinpath("prelude.flow").read_text("utf-8")


def test_a_macro_that_is_read_alone_is_that_of_the_whole_prelude():
    whole = parse_text(Source(TEXT, "prelude.flow")).statements
    alone = Macros()
    assert list(alone) == [macro.name.text for macro in whole]
    for macro in whole:
        assert alone[macro.name.text] == macro and alone[macro.name.text].span == macro.span


def test_a_macro_of_a_file_hides_that_of_the_prelude():
    flow = flowspec.parse("def MAF(n) = Normal(0, 1)[n] |> Exp\nMAF(2)")
    assert [type(step.transform).__name__ for step in flow.steps] == ["Exp"]


@pytest.mark.parametrize("use", ["let x = a\nNormal(x, 1)", "Join(a, a)", "Normal(0, 1) |> a"])
def test_macros_in_a_circle_are_told_wherever_they_stand(use):
    with pytest.raises(FlowError, match="uses itself"):
        flowspec.parse(f"def a = b\ndef b = a\n{use}")


def test_too_many_definitions_of_a_base_are_told():
    chain = "\n".join(f"def a{i + 1} = a{i}" for i in range(500))
    with pytest.raises(FlowError, match="more than 64 definitions"):
        flowspec.parse(f"{chain}\nJoin(Normal(0, 1), a500)")
