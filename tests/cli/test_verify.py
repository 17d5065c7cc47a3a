"""`verify` replays every graph, and fails where one is not the flow."""

from __future__ import annotations

import json
import shutil

import pytest

import flowspec
from forgery import replaced, without_spec


@pytest.mark.parametrize("name", ["one", "pair", "given"])
def test_verify_replays_every_graph(call, bundles, name):
    answer = call("verify", bundles / name)
    assert (answer.code, answer.err) == (0, "")
    assert [line.split()[:2] for line in answer.out.splitlines()[2:]] == [
        ["log_prob", "log_prob"],
        ["from_noise", "x"],
        ["from_noise", "log_prob"],
        ["sample", "x"],
        ["sample", "log_prob"],
        ["to_base", "z"],
        ["to_base", "log_prob"],
    ]
    assert all(line.endswith("ok") for line in answer.out.splitlines()[2:])


def test_verify_answers_programs(call, bundles):
    answer = call("verify", bundles / "one", "--format", "json")
    report = json.loads(answer.out)
    assert answer.code == 0
    assert {tuple(each) for each in report} == {
        ("graph", "output", "difference", "allowed", "rows", "seconds", "reason", "passed")
    }
    assert all(each["passed"] and each["difference"] <= each["allowed"] for each in report)
    assert all(each["rows"] > 1 and each["seconds"] > 0 and not each["reason"] for each in report)


@pytest.mark.slow
def test_verify_replays_in_the_reference_evaluator(call, bundles):
    answer = call("verify", bundles / "given", "--runtime", "reference")
    assert (answer.code, answer.err, answer.out.count("ok\n")) == (0, "", 7)


def test_verify_fails_where_a_graph_is_not_the_flow(call, here, bundles):
    """Another flow's graph, with a hash that matches: only replaying the vectors can tell."""
    shutil.copytree(bundles / "one", here / "forged")
    other = flowspec.compile(flowspec.parse("Normal(0, 1) |> Sigmoid"), here / "other")
    replaced(here / "forged", log_prob_onnx=without_spec((other / "log_prob.onnx").read_bytes()))
    answer = call("verify", "forged")
    assert answer.code == 1
    assert [line.split()[0] for line in answer.out.splitlines() if line.endswith("WRONG")] == [
        "log_prob"
    ]
    told = json.loads(call("verify", "forged", "--format", "json").out)
    assert [each["passed"] for each in told] == [False, *[True] * 6]
