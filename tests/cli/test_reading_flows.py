"""`check`, `show`, `list` and `explain` answer people and programs."""

from __future__ import annotations

import json

import pytest

import flowspec
from commands import (
    EXAMPLES,
    ONE_LINER,
    refused,
    written,
)


def test_check_says_nothing_of_the_examples(call):
    assert call("check", *sorted(EXAMPLES.glob("*.flow"))) == (0, "", "")


def test_check_tells_the_mistakes_of_every_file(call, here):
    one = written(here / "one.flow", "Normal(0, 1) |> Tnah")
    two = written(here / "two.flow", "Normal(0, -1) |> Exp(1)")
    answer = call("check", one, ONE_LINER, two)
    refused(answer, "one.flow:1:17", "two.flow:1:11", "two.flow:1:22", "\n3 mistakes\n")


def test_check_answers_programs(call, here):
    wrong = written(here / "wrong.flow", "Normal(0, 1) |>\n  Tnah")
    answer = call("check", ONE_LINER, wrong, "--format", "json")
    assert (answer.code, answer.err) == (1, "")
    (told,) = json.loads(answer.out)
    place = {"file": "wrong.flow", "line": 2, "column": 3, "end_line": 2, "end_column": 7}
    edit = {**place, "replacement": "Tanh"}
    assert told == {
        "code": "unknown-name",
        "level": "error",
        **place,
        "message": "there is no step called `Tnah`",
        "note": None,
        "help": "did you mean `Tanh`?",
        "related": [],
        "path": str(wrong),
        "fixes": [{"title": "did you mean `Tanh`?", "edits": [edit]}],
    }
    assert call("check", ONE_LINER, "--format", "json") == (0, "[]\n", "")


def test_show_tells_every_step(call):
    answer = call("show", EXAMPLES / "iris.flow")
    assert (answer.code, answer.err) == (0, "")
    assert "event    sepal_length, sepal_width, petal_length, petal_width" in answer.out
    shown = [line.split()[1] for line in answer.out.splitlines() if line[:1].isdigit()]
    assert shown == ["LULinear", "SinhArcsinh", "Standardize", "Exp"]


def test_show_tells_the_context(call):
    assert "context  energy: positive\n" in call("show", EXAMPLES / "detector.flow").out


def test_show_is_the_same_for_a_file_its_json_and_its_bundle(call, here, bundles):
    shown, data = call("show", ONE_LINER), call("show", ONE_LINER, "--format", "json")
    assert json.loads(data.out) == flowspec.read(ONE_LINER).to_json()
    written(here / "it.json", data.out)
    for path in ("it.json", bundles / "one"):
        assert call("show", path) == shown
        assert call("show", path, "--format", "json") == data


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"flowspec": 1}', "[" * 100_000, '{"a": NaN}'],
    ids=lambda t: t[:15],
)
def test_show_refuses_what_is_no_flow(call, here, text):
    refused(call("show", written(here / "it.json", text)), "the flow does not follow the schema")


def test_show_refuses_a_folder_that_is_no_bundle(call, here):
    refused(call("show", here), "is not a complete bundle: flow.json: no such file or directory")


def test_list_is_the_same_for_people_programs_and_pages(call):
    told = json.loads(call("list", "--format", "json").out)
    text, page = call("list").out, call("list", "--format", "markdown").out
    assert {"Normal", "Tanh", "RQS", "repeat"} <= {each["name"] for each in told}
    first_words = {line.split()[0] for line in text.splitlines() if line}
    for each in told:
        assert each["name"] in first_words
        if each["kind"] in ("base", "step"):
            assert f"| `{each['name']}` |" in page


@pytest.mark.slow
def test_every_part_that_is_listed_can_be_explained(call):
    for each in json.loads(call("list", "--format", "json").out):
        answer = call("explain", each["name"])
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith(each["name"])
        assert len(answer.out.splitlines()) >= 3


def test_explain_suggests_the_nearest_name(call):
    refused(call("explain", "Tnah"), "there is no base, step or code called `Tnah`", "mean `Tanh`?")
    refused(call("explain", "rqs"), "did you mean `RQS`?")
    refused(call("explain", "qqqqq"), "`flowspec list` shows all names")


def test_explain_says_what_a_ready_made_flow_is(call):
    told = call("explain", "NSF").out
    assert told.startswith("NSF(features, bins=8, transforms=3, hidden=[64, 64]")
    assert "Neural spline flow, autoregressive, with splines on [-bound, bound]." in told
    assert "Reverse\n" in told and "RQS(bins=bins, bound=bound, turn=true)" in told
    assert "Coupling layers." in call("explain", "RealNVP").out
