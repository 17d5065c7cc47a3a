"""Text to syntax tree: what is understood, and that no mistake is without a message of its own."""

from __future__ import annotations

import re
import time
from collections import deque

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source
from flowspec.language import syntax
from flowspec.language.lexer import scan
from flowspec.language.parser import parse_text, read_source
from flowspec.language.stack import Stack
from flowspec.language.table import table
from flowspec.parts.limits import LARGEST_TEXT

SAMPLES = {
    "NAME": "a", "NUMBER": "1", "STRING": '"s"', "COMMA": ",", "CONTEXT": "context",
    "EVENT": "event", "LET": "let", "EQUAL": "=", "DEF": "def", "LPAR": "(", "RPAR": ")",
    "COLON": ":", "LSQB": "[", "RSQB": "]", "PIPE": "|>", "LBRACE": "{", "RBRACE": "}",
    "TRAIN": "train", "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "__ANON_0": "**",
}  # fmt: skip


def parsed(text: str) -> syntax.File:
    return parse_text(Source(text))


def mistake(text: str):
    with pytest.raises(FlowError) as caught:
        parsed(text)
    (found,) = caught.value.diagnostics
    return found


def test_samples_name_every_terminal():
    terminals = {*table().words, *table().patterns}
    assert terminals - {"COMMENT", "BLANK"} == set(SAMPLES)


def test_a_one_liner_is_a_whole_file():
    tree = parsed("Normal(0, 1) |> Tanh")
    assert [call.name.text for call in tree.pipeline.elements] == ["Normal", "Tanh"]
    assert tree.statements == () and tree.pipeline.elements[1].arguments is None


def test_statements_come_before_the_pipeline():
    text = (
        "context z: positive event a, b: real let w = 2 def f(n) = Tanh train { seed = 1 } "
        "Normal(0, w)[2] |> f(1)"
    )
    kinds = [type(statement).__name__ for statement in parsed(text).statements]
    assert kinds == ["Variables", "Variables", "Let", "Def", "Train"]


def test_names_of_columns_may_stand_in_quotes():
    flow = flowspec.parse(
        'event "petal length (cm)", "größe": positive\ntrain { dequantize = ["größe"] }\n'
        'Normal(0, 1)[2] |> on("größe") { Affine(1, 2) } |> Onto(event)'
    )
    assert flow.columns == ("petal length (cm)", "größe") and flow.train == {
        "dequantize": ("größe",)
    }
    assert flow.steps[0].transform.coordinates == (1,)
    assert flowspec.from_json(flow.to_json()) == flow


@pytest.mark.parametrize("between", [", ", " ", "\n"])
def test_settings_of_a_training_need_no_commas(between):
    (train,) = parsed(f"train {{ epochs = 3{between}rate = [a]{between}}} Normal").statements
    assert [setting.name.text for setting in train.settings] == ["epochs", "rate"]


def test_keywords_are_names_elsewhere():
    tree = parsed("Normal(0, 1) |> Onto(event)")
    assert tree.pipeline.elements[1].arguments[0].value.name.text == "event"
    assert parsed("lettuce(1)").pipeline.elements[0].name.text == "lettuce"


def test_line_breaks_and_comments_mean_nothing():
    plain, spread = (
        parsed("Normal(0,1)|>Tanh"),
        parsed("\ufeff# a\r\nNormal( 0 ,\n1 )\t|>\n\n Tanh # b"),
    )
    assert plain.pipeline == spread.pipeline


def test_comments_are_kept_for_the_formatter():
    tree = parsed('# one\nNormal("# no", 1) # two\n')
    assert [comment.text for comment in tree.comments] == ["# one", "# two"]


def test_powers_bind_before_signs():
    value = parsed("N(-2 ** -1)").pipeline.elements[0].arguments[0].value
    assert (
        isinstance(value, syntax.Signed)
        and value.negative
        and isinstance(value.value, syntax.Power)
    )


def test_spans_cover_what_was_written():
    call = parsed("Normal(0, 1) |> Affine(1, [2, 3])").pipeline.elements[1]
    assert call.span.text == "Affine(1, [2, 3])" and call.arguments[1].span.text == "[2, 3]"


def reachable_states() -> dict[str, tuple[str, ...]]:
    """A shortest row of terminals to every state of the parser and set of terminals it takes there.

    (What a state takes depends on what stands below it on the stack.)
    """
    found: dict[tuple, tuple[str, ...]] = {}
    waiting = deque([()])
    while waiting:
        row = waiting.popleft()
        stack = behind(row)
        accepted = stack.accepted()
        key = (stack.state, frozenset(accepted))
        if key in found:
            continue
        found[key] = row
        waiting.extend((*row, terminal) for terminal in sorted(accepted - {"$END"}))
    return {written(row) or "the start": row for row in found.values()}


def behind(row: tuple[str, ...]) -> Stack:
    stack = Stack(lambda rule, children: None)
    assert all(stack.feed(token) for token in scan(written(row)))
    return stack


def written(row: tuple[str, ...]) -> str:
    return " ".join(SAMPLES[terminal] for terminal in row)


STATES = reachable_states()
TERMINAL_NAME = re.compile(
    r"\b(LPAR|RPAR|LSQB|RSQB|LBRACE|RBRACE|COMMA|EQUAL|COLON|PIPE|NAME|NUMBER|STRING|__ANON\w*|\$END)\b"
)


def test_the_walk_reaches_the_whole_grammar():
    assert len(STATES) > 70
    assert {terminal for row in STATES.values() for terminal in row} == set(SAMPLES)


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_wrong_token_has_a_message(state):
    row = STATES[state]
    for terminal in [*SAMPLES, "$END"]:
        text = written(row) if terminal == "$END" else f"{written(row)} {SAMPLES[terminal]}"
        try:
            parsed(text)
        except FlowError as error:
            (found,) = error.diagnostics
            told = f"{found.message} {found.help}"
            assert found.message and found.help, text
            assert "nothing more" not in told and not TERMINAL_NAME.search(told), (
                f"{text!r}: {told}"
            )


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["(" * 10_000_000, "[1," * 60_000, "-" * 190_000, "N(" + "1+" * 90_000 + "1)", "a|>" * 60_000,
     "#" * 190_000, '"' * 190_000, "N(" + "2**" * 60_000 + "2)", "{" * 100, "\0" * 1000,
     "é" * 100_000, "let " * 40_000],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_hostile_text_gets_an_answer_at_once(text):
    start = time.process_time()
    try:
        parsed(text)
    except FlowError as error:
        str(error)
    assert time.process_time() - start < 3, "a few times what is promised: machines differ"


def test_files_that_are_no_text_are_refused(tmp_path):
    cases = {
        "binary.flow": b"\x7fELF\0\0",
        "latin.flow": b"Normal(0, 1) # \xe9",
        "big.flow": b"#" * (LARGEST_TEXT + 1),
    }
    codes = {"binary.flow": "not-text", "latin.flow": "not-text", "big.flow": "file-too-large"}
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FlowError) as caught:
            read_source(tmp_path / name)
        assert caught.value.diagnostics[0].code == codes[name]
    for path in (tmp_path, tmp_path / "missing.flow"):
        with pytest.raises(FlowError) as caught:
            read_source(path)
        assert caught.value.diagnostics[0].code == "unreadable-file"


def test_the_message_points_at_the_place():
    found = mistake("Normal(0, 1)\n  | Tanh")
    assert (found.line, found.column, found.code) == (2, 3, "wrong-sign")
