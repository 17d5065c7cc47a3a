"""The canonical layout: what it looks like, and that it changes nothing else."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source
from flowspec.language.layout.printing import WIDTH
from flowspec.language.parser import parse_text
from pages import WRITTEN
from written_programs import Programs

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.flow"))
PRELUDE = ROOT / "grammar" / "prelude.flow"
FILES = [*EXAMPLES, PRELUDE, *sorted((ROOT / "tests").rglob("*.flow"))]
PAGES = [ROOT / "README.md", *WRITTEN]

# --- laws -----------------------------------------------------------------------------------------


def assert_laws(text: str) -> None:
    """The layout of a text by the grammar has its tree and its comments, and is final."""
    laid_out = flowspec.format(text)
    before, after = parse_text(Source(text)), parse_text(Source(laid_out))
    assert before.statements == after.statements and before.pipeline == after.pipeline
    assert [each.text for each in before.comments] == [each.text for each in after.comments]
    assert flowspec.format(laid_out) == laid_out
    assert not re.search(r"\r|\ufeff|[ \t]\n|\n\n\n|\A\s|\n\n\Z", laid_out)
    assert laid_out.endswith("\n") or not laid_out


def texts_that_parse(paths: list[Path]) -> list[str]:
    texts = []
    for path in paths:
        with contextlib.suppress(FlowError, UnicodeDecodeError):
            text = path.read_bytes().decode("utf-8")
            parse_text(Source(text))
            texts.append(text)
    return texts


def test_files_mean_the_same_in_the_layout():
    texts = texts_that_parse(FILES)
    assert len(texts) > 200
    for number, text in enumerate(texts):
        assert_laws(text)
        assert_laws(Programs(number).spaced(text))


def test_flows_are_the_same_in_the_layout():
    for number, path in enumerate(EXAMPLES):
        text = path.read_text()
        flow = flowspec.parse(text).to_json()
        for spaced in (text, Programs(number).spaced(text)):
            assert flowspec.parse(flowspec.format(spaced)).to_json() == flow


@pytest.mark.parametrize(
    "seeds", [range(250), pytest.param(range(250, 2000), marks=pytest.mark.slow)]
)
def test_generated_programs_mean_the_same_in_the_layout(seeds):
    for seed in seeds:
        programs = Programs(seed)
        text = programs.program()
        assert_laws(programs.spaced(text) if seed % 3 else text)


def test_lines_are_short_where_they_can_be():
    for seed in range(60):
        for line in flowspec.format(Programs(seed).program()).splitlines():
            assert len(line) <= WIDTH or not re.search(r"[,(\[{] ?\S", line), line


def test_nothing_is_left_of_nothing():
    assert flowspec.format(" \n\r\n \ufeff") == ""


# --- looks ----------------------------------------------------------------------------------------

LAYOUTS = {
    "one space round signs, none inside brackets": (
        "let a=2*( x-1 )/-3**2\nNormal( 0 ,[ 1,2, ] ) [3]|>Tanh",
        "let a = 2 * (x - 1) / -3 ** 2\nNormal(0, [1, 2])[3] |> Tanh\n",
    ),
    "names of arguments hug their values": (
        "def f( a = 1 ) = RQS( bins = a )\ntrain{epochs=3}",
        "def f(a=1) = RQS(bins=a)\ntrain { epochs = 3 }\n",
    ),
    "numbers stay as they were written": ("Normal(.50, 1e0)", "Normal(.50, 1e0)\n"),
    "blocks": (
        "Normal(0,1)|>repeat(2){Tanh|>inverse{}}",
        "Normal(0, 1) |> repeat(2) { Tanh |> inverse { } }\n",
    ),
    "blank lines, one at most": (
        "\n\n# a\n\n\n\n# b\nlet a = 1\nlet b = 2\n\n\n\nNormal(a, b)\n\n",
        "# a\n\n# b\nlet a = 1\nlet b = 2\n\nNormal(a, b)\n",
    ),
    "other line ends and the mark at the start": (
        "\ufeff# a\r\nNormal(0, 1)\r\n", "# a\nNormal(0, 1)\n",
    ),
    "a long pipeline, a step a line": (
        "Normal(0, 1)[5] |> Autoregressive(MonotonicAffine, hidden=[64, 64, 64]) |> Reverse "
        "|> Tanh",
        "Normal(0, 1)[5]\n  |> Autoregressive(MonotonicAffine, hidden=[64, 64, 64])\n  |> Reverse\n"
        "  |> Tanh\n",
    ),
    "variables with one support in a line": (
        "event alcohol, malic_acid, ash, hue, intensity: positive, "
        "flavanoids, other_phenols: simplex\n",
        "event alcohol, malic_acid, ash, hue, intensity: positive,\n"
        "      flavanoids, other_phenols: simplex\n",
    ),
    "long settings, one a line": (
        "train { learning_rate = 3e-3, batch_size = 512, schedule = \"cosine\" patience = 60, "
        "seed = 1 }",
        "train {\n  learning_rate = 3e-3\n  batch_size = 512\n  schedule = \"cosine\"\n"
        "  patience = 60\n  seed = 1\n}\n",
    ),
    "arguments in a line of their own, or each in one": (
        f"Affine(shift=learn({'1' * 30}), scale=learn({'1' * 28})) |> "
        f"Affine(shift=learn({'1' * 40}), scale=learn({'1' * 40}))",
        f"Affine(\n  shift=learn({'1' * 30}), scale=learn({'1' * 28})\n)\n"
        f"  |> Affine(\n    shift=learn({'1' * 40}),\n    scale=learn({'1' * 40})\n  )\n",
    ),
    "a long vector fills its lines": (
        f"Permute([{', '.join(map(str, range(40)))}])",
        f"Permute([\n  {', '.join(map(str, range(24)))},\n"
        f"  {', '.join(map(str, range(24, 40)))}\n])\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layout_of(name):
    text, laid_out = LAYOUTS[name]
    assert flowspec.format(text) == laid_out


COMMENTS = {
    "of steps, below each other": (
        "Normal(0, 1) # base\n|> Affine(0, 2) # wide\n|>Tanh\n # end",
        "Normal(0, 1)       # base\n  |> Affine(0, 2)  # wide\n  |> Tanh\n# end\n",
    ),
    "behind the sign at the end of a line": (
        "Normal(0, 1) |> # base\nTanh", "Normal(0, 1)  # base\n  |> Tanh\n",
    ),
    "on a line of its own in a pipeline": (
        "Normal(0, 1)\n# squash\n|> Tanh", "Normal(0, 1)\n  # squash\n  |> Tanh\n",
    ),
    "in arguments": (
        "Normal(0, # loc\n # scale:\n 1)", "Normal(\n  0,  # loc\n  # scale:\n  1\n)\n",
    ),
    "behind an argument and before its comma": (
        "Normal(0 # loc\n, 1)", "Normal(\n  0,  # loc\n  1\n)\n",
    ),
    "in settings": (
        "train { # short\n epochs = 3, # few\n seed = 1\n # all\n}",
        "train {       # short\n  epochs = 3  # few\n  seed = 1\n  # all\n}\n",
    ),
    "in declarations": (
        "event x: real, # cm\n y: real", "event x: real,  # cm\n      y: real\n",
    ),
    "in the middle of an expression": ("let # why\n a = # then\n 3", "let a = 3  # why\n# then\n"),
    "in a sum": ("let a = 1 # one\n + 2", "let a = 1  # one\n  + 2\n"),
    "alone": ("  # a\n\n\n\n#b", "# a\n\n#b\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_stay_where_they_stand(name):
    text, laid_out = COMMENTS[name]
    assert flowspec.format(text) == laid_out


@pytest.mark.parametrize("path", [*EXAMPLES, PRELUDE], ids=lambda path: path.stem)
def test_files_of_the_project_are_in_the_layout(path):
    assert path.read_text() == flowspec.format(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_flows_in_the_documentation_are_in_the_layout(path):
    for block in re.findall(r"```flow\n(.*?)```", path.read_text(), re.S):
        assert block == flowspec.format(block)


def test_a_text_against_the_grammar_is_told_as_always():
    with pytest.raises(FlowError, match="is not an operator"):
        flowspec.format("Normal(0, 1) | Tanh")
