"""What a flow costs is told before its graphs are built, with the step that is to blame."""

from __future__ import annotations

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.cost import check_compilation
from flowspec.ir.size import may_be_large

COSTLY = {
    "a solver with wide layers": ("CNF(64, hidden=[512, 512, 512])", "CNF(64"),
    "a solver with many steps": ("CNF(2, hidden=[8], steps=10000)", "CNF(2"),
    "integrals in every coordinate": ("UNAF(256, hidden=[64])", "UNAF(256"),
    "searches in a scalar flow": (
        "Normal(0, 1) |> repeat(300) { MonotoneNetwork }",
        "MonotoneNetwork",
    ),
}


@pytest.mark.parametrize(("text", "culprit"), COSTLY.values(), ids=COSTLY)
def test_a_flow_that_would_take_minutes_is_refused_with_its_step(text, culprit, tmp_path):
    flow = flowspec.parse(text)
    with pytest.raises(FlowError) as refused:
        flowspec.compile(flow, tmp_path / "m")
    (mistake,) = refused.value.diagnostics
    assert mistake.code == "too-costly"
    assert mistake.span.text.startswith(culprit)
    assert not (tmp_path / "m").exists()
    assert may_be_large(flow)


def test_the_message_says_what_would_shrink_it():
    with pytest.raises(FlowError) as refused:
        check_compilation(flowspec.parse("CNF(2, hidden=[8], steps=10000)"))
    told = str(refused.value)
    assert told.startswith("error[too-costly]: compiling this flow would take about ")
    assert "1 | CNF(2, hidden=[8], steps=10000)" in told
    assert "100 % of it are for this step" in told
    assert "loops counted as often as they run" in told
    assert "give it fewer or smaller layers, fewer steps of a solver" in told


@pytest.mark.parametrize(
    "text",
    ["NSF(8)", "CNF(8)", "NAF(8)", "MAF(64, hidden=[256, 256])", "Normal(0, 1)[256] |> LULinear"],
)
def test_flows_that_compile_in_seconds_are_not_refused(text):
    check_compilation(flowspec.parse(text))


def test_check_and_fit_tell_it_before_anything_begins(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.flow").write_text("CNF(2, hidden=[8], steps=10000)\n")
    (tmp_path / "t.csv").write_text("x0,x1\n0,1\n1,2\n3,1\n")
    for command in (["check", "a.flow"], ["fit", "a.flow", "--data", "t.csv", "-o", "m"]):
        answer = call(*command)
        assert (answer.code, "error[too-costly]" in answer.err) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flow", "t.csv"]
