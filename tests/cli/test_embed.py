"""`flowspec embed`: the file, or standard output; what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import flowspec
from commands import ROOT, refused
from flowspec.export.embed.languages import LANGUAGES
from flowspec.export.embed.program import program
from forgery import replaced

ONE_LINER = ROOT / "exported" / "one_liner"


def test_a_program_is_written(call, here):
    answer = call("embed", str(ONE_LINER), "--lang", "python", "-o", "out/one.py")
    assert answer == (0, "", "wrote out/one.py\n")
    assert (
        call("embed", str(ONE_LINER), "--lang", "python").out == (here / "out/one.py").read_text()
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_lines_say_how_it_is_built_and_what_was_tried(language):
    text = program(flowspec.load(ONE_LINER), language)
    head = "\n".join(text.splitlines()[:12])
    assert LANGUAGES[language].checked in head
    assert f"--lang {language}" in head
    assert re.search(r"^\W*A normalizing flow over x", head)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_a_template_is_left(language):
    for path in (ONE_LINER, ROOT / "exported" / "wine", ROOT / "exported" / "wind"):
        text = program(flowspec.load(path), language)
        assert not re.search(r"@[A-Z_]+@|^@(if|else|end)", text, re.M)
        assert text == program(flowspec.load(path), language)


def test_names_cannot_leave_their_quotes(tmp_path):
    flow = flowspec.parse("event x: real\nNormal(0, 1) |> Onto(event)")
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "b"))
    object.__setattr__(bundle, "columns", ('a"\\\n*/',))
    text = program(bundle, "c")
    assert '{"a\\"\\\\\\012*/"}' in text
    assert text.splitlines()[0] == "// A normalizing flow over a?????, in C99."


def test_a_bundle_without_samples_is_refused(call, here):
    flow = flowspec.parse("Normal(0, 1) |> Tanh")
    flowspec.compile(flow, here / "b", target="tract")
    refused(call("embed", "b", "--lang", "c"), "b has no sample.onnx", "graphs for tract")


def test_the_documentation_says_what_was_done_with_each_language():
    page = (ROOT / "docs" / "calling.md").read_text()
    for name, kind in LANGUAGES.items():
        assert f"| `{name}` | {kind.checked} |" in page


def test_draws_that_the_float_type_does_not_settle_are_not_replayed(tmp_path):
    path = flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "flow")
    vectors = json.loads((path / "vectors.json").read_text())
    vectors["sample"]["unsettled"] = [0, 5]
    for row in (0, 5):
        vectors["sample"]["x"]["parity"][row] = "Infinity"
    replaced(path, vectors_json=json.dumps(vectors).encode())
    (tmp_path / "flow.py").write_text(program(flowspec.load(path), "python"))
    done = subprocess.run([sys.executable, tmp_path / "flow.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
