"""`flowspec check`: reports for programs and code hosts, and repairs."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

import flowspec
from commands import EXAMPLES, ROOT, refused, written
from flowspec.cli import check
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.repairs import applied
from flowspec.language.fixing import fixed
from flowspec.language.parser import read_source
from sarif_rules import RULES

MISTAKES = sorted((ROOT / "tests" / "mistakes").glob("*.flow"))
WRONG = "Normal(0, 1) |>\n  Tnah |> Logit\n"
RIGHT = "Normal(0, 1) |>\n  Tanh |> Affine(0.5, 0.5) |> Logit\n"

# --- files ----------------------------------------------------------------------------------------


def test_folders_stand_for_the_flows_in_them(call, here):
    written(here / "one.flow", WRONG)
    written(here / "notes.txt", WRONG)
    refused(call("check", here, EXAMPLES), "one.flow:2:3", "\n1 mistake\n")


def test_standard_input_is_a_file(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    refused(call("check", "-"), "<stdin>:2:3")


# --- SARIF ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The log of all wrong flows, from their folder."""
    names = [path.name for path in MISTAKES]
    out = io.StringIO()
    folder = contextlib.chdir(MISTAKES[0].parent)
    with folder, contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        check.command([*names, "--format", "sarif"])
    return json.loads(out.getvalue())


def test_the_log_is_sarif(log):
    jsonschema.Draft202012Validator.check_schema(RULES)
    jsonschema.validate(log, RULES)


def test_the_rules_of_a_log_are_those_of_its_results(log):
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) > 90
    assert set(rules) == {result["ruleId"] for result in run["results"]}
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def _offset(text: str, line: int, column: int) -> int:
    return sum(map(len, text.split("\n")[: line - 1])) + line - 1 + column - 1


def test_the_fixes_of_a_log_repair_the_file(log):
    """What a host does with a fix is what `--fix` does."""
    count = 0
    for result in log["runs"][0]["results"]:
        for fix in result.get("fixes", ()):
            (change,) = fix["artifactChanges"]
            source = read_source(MISTAKES[0].parent / change["artifactLocation"]["uri"])
            text = source.text
            for each in sorted(
                change["replacements"],
                key=lambda each: (
                    each["deletedRegion"]["startLine"], each["deletedRegion"]["startColumn"]
                ),
                reverse=True,
            ):  # fmt: skip
                region = each["deletedRegion"]
                start = _offset(text, region["startLine"], region["startColumn"])
                end = _offset(text, region["endLine"], region["endColumn"])
                text = text[:start] + each["insertedContent"]["text"] + text[end:]
            with pytest.raises(FlowError) as caught:
                flowspec.read(MISTAKES[0].parent / source.name)
            told = [fix for each in caught.value.diagnostics for fix in each.fixes]
            assert text in [applied(source.text, fix.edits) for fix in told]
            count += 1
    assert count > 150


def test_paths_in_a_log_are_those_of_the_call(call, here):
    (here / "a b").mkdir()
    written(here / "a b" / "é.flow", WRONG)

    def uri(path: Path) -> str:
        (result,) = json.loads(call("check", path, "--format", "sarif").out)["runs"][0]["results"]
        return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert uri(Path("a b") / "é.flow") == "a%20b/%C3%A9.flow"
    assert uri(here / "a b" / "é.flow") == (here / "a b" / "é.flow").as_uri()


def test_a_log_without_results_is_sarif(call):
    answer = call("check", EXAMPLES, "--format", "sarif")
    assert (answer.code, answer.err) == (0, "")
    log = json.loads(answer.out)
    jsonschema.validate(log, RULES)
    assert log["runs"][0]["results"] == []


# --- GitHub ---------------------------------------------------------------------------------------


def test_commands_for_workflows(call, here):
    written(here / "a,b.flow", "event a: 50%\nNormal(0, 1)")
    answer = call("check", "a,b.flow", "--format", "github")
    assert (answer.code, answer.err) == (1, "")
    place = "file=a%2Cb.flow,line=1,endLine=1,col=10,endColumn=12,title=unexpected-word"
    assert answer.out.startswith(f"::error {place}::`50` cannot stand here, after `:`%0Ahelp: ")
    assert answer.out.count("\n") == 1


def test_commands_escape_what_would_end_them(call, here):
    written(here / "a.flow", "Normal(0, 1) % Tanh")
    answer = call("check", "a.flow", "--format", "github")
    assert answer.out.partition("::")[2].partition("::")[2] == (
        "there is no `%25` operator%0Ahelp: remove it\n"
    )


def test_a_mistake_without_a_place_is_one_of_its_file(call, here):
    written(here / "none.flow", "")
    assert call("check", "none.flow", "--format", "github").out.startswith(
        "::error file=none.flow,title=empty-file::there is no flow here%0A"
    )


def test_warnings_are_warnings_in_every_report(call, here):
    written(here / "stiff.flow", "event a, b\nMAF(2, transforms=1) |> Standardize")
    written(here / "rows.csv", "a,b\n" + "".join(f"{i % 7},{i / 3}\n" for i in range(60)))
    arguments = ["check", "stiff.flow", "--data", "rows.csv", "--format"]
    commands = call(*arguments, "github")
    levels = {line.split()[0] for line in commands.out.splitlines()}
    assert (commands.code, levels) == (0, {"::warning"})
    results = json.loads(call(*arguments, "sarif").out)["runs"][0]["results"]
    assert {result["level"] for result in results} == {"warning"}


# --- repairs --------------------------------------------------------------------------------------


def test_fix_repairs_and_says_what_it_changed(call, here):
    path = written(here / "a.flow", WRONG)
    answer = call("check", "--fix", path)
    assert (answer.code, answer.out) == (0, "")
    assert path.read_text() == RIGHT
    assert answer.err.splitlines() == [
        f"{path}:2: did you mean `Tanh`?",
        f"{path}:2: put a step that ends in (0, 1) before it, such as `Affine(0.5, 0.5)`",
    ]
    assert call("check", "--fix", path) == (0, "", "")


def test_fix_exits_by_what_is_left(call, here):
    path = written(here / "a.flow", "Nrmal(0, inf) | Tanh")
    answer = call("check", "--fix", path)
    assert answer.code == 1 and path.read_text() == "Normal(0, inf) |> Tanh"
    assert "error[not-finite]" in answer.err and "\n1 mistake\n" in answer.err


def test_fix_with_diff_shows_and_changes_nothing(call, here):
    path = written(here / "a.flow", WRONG)
    answer = call("check", "--fix", "--diff", path)
    assert answer.code == 1 and path.read_text() == WRONG
    shown = [" Normal(0, 1) |>", "-  Tnah |> Logit", "+  Tanh |> Affine(0.5, 0.5) |> Logit"]
    assert answer.out.splitlines()[3:] == shown
    refused(call("check", "--diff", path), "give both", code=2)


def test_fix_of_standard_input_goes_to_standard_output(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    answer = call("check", "--fix", "-")
    assert (answer.code, answer.out) == (0, RIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_repairs_end_and_break_nothing(path):
    try:
        source = read_source(path)
    except FlowError:
        return  # no text
    after = fixed(source)
    again = fixed(after.source)
    assert again.source == after.source and not again.changes
    with pytest.raises(FlowError) as caught:
        flowspec.read(path)
    assert after.changes or after.mistakes == caught.value.diagnostics
