"""A text gets other values in its architecture and its training, and stays as it is else."""

from __future__ import annotations

import pytest

import flowspec
from flowspec.diagnostics.source import Source
from flowspec.language.parser import parse_text
from flowspec.language.rewriting import architecture, arguments, rewritten


def changed(text: str, values=None, settings=None) -> str:
    new = rewritten(Source(text), values or {}, settings or {})
    flowspec.parse(new)
    return new


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("NSF(2)", {"bins": "4"}, "NSF(2, bins=4)\n"),
        ("NSF(2, 8)", {"bins": "4"}, "NSF(2, 4)\n"),
        ("NSF(2, bins=8) |> Exp", {"bins": "4", "transforms": "1"},
         "NSF(2, bins=4, transforms=1) |> Exp\n"),
        ("NSF(2, hidden=[8,\n8], # wide\n)", {"hidden": "[4]"},
         "NSF(\n  2, hidden=[4]  # wide\n)\n"),
        ("def A = MAF(2)\nA |> Exp", {"transforms": "1"},
         "def A = MAF(2, transforms=1)\nA |> Exp\n"),
        ("Mixture([1, 1], NSF(2), MAF(2))", {"transforms": "1"},
         "Mixture([1, 1], NSF(2, transforms=1), MAF(2))\n"),
    ],
)  # fmt: skip
def test_values_stand_where_they_are_written_or_behind(text, values, expected):
    assert changed(text, values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NSF(2)", "train { clip = 2, seed = 3 }\n\nNSF(2)\n"),
        ("train { clip = 1 }\nNSF(2)", "train { seed = 3, clip = 2 }\nNSF(2)\n"),
        ("train { }\nNSF(2)", "train { clip = 2, seed = 3 }\nNSF(2)\n"),
    ],
)
def test_settings_stand_in_the_block_of_the_training(text, expected):
    assert changed(text, settings={"clip": "2", "seed": "3"}) == expected


def test_comments_stay():
    text = "# Irises\ntrain {\n  clip = 1  # short\n}\nNSF(2)  # a spline\n"
    new = changed(text, {"bins": "4"}, {"clip": "2", "seed": "3"})
    assert [line.partition("#")[2] for line in new.splitlines() if "#" in line] == [
        " Irises", " short", " a spline",
    ]  # fmt: skip


def test_a_definition_of_ones_own_is_no_architecture():
    text = "def NSF(features) = Normal(0, 1)[features]\nNSF(2)"
    assert architecture(parse_text(Source(text))) is None


def test_arguments_are_those_written_and_the_defaults():
    call = architecture(parse_text(Source("NSF(2, 4, hidden=[3])")))
    values = {name: getattr(node, "value", None) for name, node in arguments(call).items()}
    assert values["bins"] == 4 and values["transforms"] == 3
