"""The outline, what can be folded, signatures, colors, and repairs."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls")


from editor import marked
from flowspec.editing.actions import Action, actions
from flowspec.editing.document import open_document
from flowspec.editing.outline import folds, symbols
from flowspec.editing.positions import Positions
from flowspec.editing.semantic import LEGEND, TYPES, semantic_tokens
from flowspec.editing.signatures import signature

TEXT = """# One.
# Two.
event a, b: real
let s = 2
def F =
  Affine(0, s)
train { epochs = 3 }

Normal(0, 1)[2]
  |> repeat(2) {
    F
  }
"""


def test_the_outline_has_statements_and_the_flow_with_its_elements():
    found = symbols(open_document(TEXT))
    assert [(each.kind, each.name) for each in found] == [
        ("event", "a"),
        ("event", "b"),
        ("let", "s"),
        ("def", "F"),
        ("train", "train"),
        ("flow", "flow"),
    ]
    inner = [(each.name, each.detail) for each in found[-1].children]
    assert inner == [("Normal", "real x 2"), ("repeat", "real x 2")]


def test_a_name_lies_in_its_symbol():
    for symbol in symbols(open_document(TEXT)):
        assert symbol.start <= symbol.name_start < symbol.name_end <= symbol.end


def test_what_takes_several_lines_can_be_folded():
    found = {
        TEXT[fold.start : fold.end].split("\n")[0]: fold for fold in folds(open_document(TEXT))
    }
    assert found.keys() == {"# One.", "def F =", "{", "Normal(0, 1)[2]"}
    assert found["# One."].kind == "comment"


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("Normal(@", "loc=0"),
        ("Normal(0, @", "scale=1"),
        ("Normal(scale=2@", "scale=1"),
        ("Normal(0, [1, 2@", "scale=1"),
        ("def F(a, b) = Affine(a, b)\nNormal(0, 1) |> F(1, @", "b"),
        ("Normal(0, 1) |> repeat(@", "n"),
        ("Normal(0, learn(1, @", "low=-inf"),
        ("NSF(2, @", "bins=8"),
        ('NSF(2, bins=8, activation="relu"@)', 'activation="relu"'),
    ],
)
def test_the_parameter_that_is_being_written_is_marked(text, active):
    text, at = marked(text)
    found = signature(open_document(text), at)
    assert found.parameters[found.active][0] == active


@pytest.mark.parametrize("text", ["@", "Normal(0, 1)@", "Tanh(@", "nothing(@", "repeat(2) { @"])
def test_outside_of_a_call_there_is_no_signature(text):
    text, at = marked(text)
    assert signature(open_document(text), at) is None


def test_every_word_has_its_color():
    text = "let s = 2\n  Normal(0, s) |> Tanh"
    data = semantic_tokens(open_document(text), Positions(text))
    tokens, line, column = [], 0, 0
    for start in range(0, len(data), 5):
        down, right, length, kind, _ = data[start : start + 5]
        line, column = line + down, right if down else column + right
        tokens.append((text.split("\n")[line][column : column + length], LEGEND[kind]))
    assert tokens == [
        ("let", "keyword"), ("s", "variable"), ("=", "operator"), ("2", "number"),
        ("Normal", "class"), ("0", "number"), ("s", "variable"), ("|>", "operator"),
        ("Tanh", "function"),
    ]  # fmt: skip


def test_colors_are_those_of_the_protocol():
    from lsprotocol.types import SemanticTokenTypes

    assert set(TYPES.values()) <= {kind.value for kind in SemanticTokenTypes}


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("Normal(0, 1) |> Tnah", "Normal(0, 1) |> Tanh"),
        ("Normal(0, 1) | Tanh", "Normal(0, 1) |> Tanh"),
        ("Normal(0, 1) |> Log", "Normal(0, 1) |> Exp |> Log"),
    ],
)
def test_a_repair_is_an_action(text, repaired):
    (action, *_) = actions(open_document(text), 0, len(text))
    assert action.preferred
    assert changed(text, action) == repaired


def changed(text: str, action: Action) -> str:
    for start, end, written in sorted(action.changes, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def test_a_repair_moves_with_the_text():
    before = open_document("Normal(0, 1) |> Tnah")
    after = before.changed("# A comment.\nNormal(0, 1) |> Tnah")
    (action,) = actions(after, 0, len(after.text))
    assert changed(after.text, action) == "# A comment.\nNormal(0, 1) |> Tanh"


def test_a_repair_of_what_has_changed_is_not_offered():
    before = open_document("Normal(0, 1) |> Tnah")
    assert not list(actions(before.changed("Normal(0, 1) |> Tnxah"), 0, 99))


def test_repairs_are_those_of_the_range():
    text = "Normal(0, 1) |> Tnah\n"
    assert not list(actions(open_document(text), 0, 5))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_positions_and_offsets_undo_each_other(encoding):
    text = 'event "π😀": real # ä\r\nNormal(0, 1)\n\n'
    positions = Positions(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert positions.offset(*positions.position(offset)) == offset


def test_columns_are_counted_in_units_of_the_encoding():
    text = '"π😀" x'
    at = text.index("x")
    assert [Positions(text, e).position(at)[1] for e in ("utf-8", "utf-16", "utf-32")] == [9, 6, 5]


@pytest.mark.parametrize(("line", "column"), [(99, 0), (0, 99), (5, 5), (-1, -1)])
def test_a_place_outside_of_the_text_is_the_nearest_one(line, column):
    assert 0 <= Positions("a\nbc").offset(line, column) <= 4
