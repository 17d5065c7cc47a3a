"""What a flow costs is told before its graphs are built, with the step that is to blame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export import cost, memory
from flowspec.export.cost import check_compilation
from flowspec.ir.size import may_be_large
from flowspec.transforms.linear.linear import LARGEST_CONDITION, condition

COSTLY = {
    "a solver with wide layers": ("CNF(64, hidden=[512, 512, 512])", "CNF(64"),
    "a solver with many steps": ("CNF(2, hidden=[256, 256], steps=10000)", "CNF(2"),
    "integrals in every coordinate": ("UNAF(256, hidden=[64])", "UNAF(256"),
    "searches in a scalar flow": (
        "Normal(0, 1) |> repeat(300) { MonotoneNetwork }",
        "MonotoneNetwork",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "culprit"), COSTLY.values(), ids=COSTLY)
def test_a_flow_that_would_take_minutes_is_refused_with_its_step(
    text, culprit, tmp_path, monkeypatch
):
    monkeypatch.setattr(cost, "LONGEST_COMPILATION", 60)
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
        check_compilation(flowspec.parse("CNF(2, hidden=[256, 256], steps=10000)"))
    told = str(refused.value)
    assert told.startswith("error[too-costly]: compiling this flow would take about ")
    assert "1 | CNF(2, hidden=[256, 256], steps=10000)" in told
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
    (tmp_path / "a.flow").write_text("CNF(2, hidden=[256, 256], steps=10000)\n")
    (tmp_path / "t.csv").write_text("x0,x1\n0,1\n1,2\n3,1\n")
    for command in (["check", "a.flow"], ["fit", "a.flow", "--data", "t.csv", "-o", "m"]):
        answer = call(*command)
        assert (answer.code, "error[too-costly]" in answer.err) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flow", "t.csv"]


LARGE = "Normal(0, 1)[4096] |> repeat(3) { LULinear |> Tails }"


def test_a_flow_that_would_take_gigabytes_is_refused_with_its_step(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 4e9)
    flow = flowspec.parse(LARGE)
    with pytest.raises(FlowError) as refused:
        flowspec.compile(flow, tmp_path / "m")
    assert (
        str(refused.value)
        == """\
error[too-large]: compiling this flow would take about 6 GB of memory, and 4 GB are free
 --> <flow>:1:35
  |
1 | Normal(0, 1)[4096] |> repeat(3) { LULinear |> Tails }
  |                                   ^^^^^^^^ 33 % of it are for this step
  |
  = note: 806 MB of weights, 604 MB of graphs
  = help: act on fewer coordinates at once, or repeat it less often"""
    )
    assert may_be_large(flow)
    check_compilation(flowspec.parse(LARGE.replace("4096", "1024")))
    check_compilation(flowspec.parse(LARGE.replace("repeat(3)", "repeat(1)")))


def test_the_memory_of_graphs_is_counted_from_their_constants(monkeypatch):
    flow = flowspec.parse("MAF(8, hidden=[512, 512])")
    check_compilation(flow)
    monkeypatch.setattr(memory, "free_memory", lambda: 1e8)
    with pytest.raises(FlowError) as refused:
        check_compilation(flow)
    monkeypatch.setattr(memory, "free_memory", lambda: 2e8)
    with pytest.raises(FlowError) as recorded:
        check_compilation(flow)
    before, behind = (str(mistake.value) for mistake in (refused, recorded))
    assert "give it fewer or smaller layers, or repeat it less often" in behind
    assert "MB of graphs" in before and before != behind


def test_a_large_matrix_is_inverted_once_for_all_graphs_and_runs(monkeypatch, tmp_path):
    sizes = []
    invert = np.linalg.inv
    monkeypatch.setattr(
        np.linalg, "inv", lambda matrix: sizes.append(len(matrix)) or invert(matrix)
    )
    flow = flowspec.parse("Normal(0, 1)[256] |> LULinear |> Tails |> on(1, 0) { LULinear }")
    check_compilation(flow)
    assert 256 not in sizes
    flowspec.compile(flow, tmp_path / "m")
    assert sizes.count(256) == 1
    assert sizes.count(2) > 1


def test_a_large_matrix_gives_the_densities_of_a_small_one():
    """Those of torch, which solves with its factors."""
    rng = np.random.default_rng(0)
    flow = flowspec.parse("Normal(0, 1)[256] |> LULinear(learn(0.001), learn(-0.002), learn(2))")
    model, module = flowspec.Model(flow), flowspec.to_torch(flow, dtype=torch.float64)()
    x = rng.normal(size=(3, 256))
    expected = module.log_prob(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-12)
    samples, log_prob = model.from_noise(x)
    np.testing.assert_allclose(model.log_prob(samples), log_prob, rtol=1e-12)


@pytest.mark.parametrize("size", [3, 256])
def test_matrices_too_near_to_singular_are_known_whatever_their_size(size):
    entries = np.ones(size)
    assert condition(np.diag(entries)) < 1e3
    entries[1] = 1e-13
    assert condition(np.diag(entries)) > LARGEST_CONDITION
    entries[1] = 0
    assert condition(np.diag(entries)) == np.inf
