"""Whatever the text is, `parse` gives a Flow or a FlowError, soon: made-up programs, damaged ones, hostile ones."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.flow import Flow
from flowspec.ir.registry import bases, transforms
from reading import LARK, as_lark_reads, as_read

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
"""Thousands of texts instead of hundreds: `HYPOTHESIS_PROFILE=nightly pytest tests/language`."""

SECONDS = 10
"""The longest that a text may take on a busy machine: growth out of hand takes far longer. About a second is usual."""

EXAMPLES = tuple(
    path.read_text() for path in sorted(Path(__file__).parents[2].glob("examples/*.flow"))
)

# --- texts ----------------------------------------------------------------------------------------

_numbers = st.one_of(
    st.integers(-5, 12).map(str),
    st.sampled_from(["0.5", "-1.5", "2e3", "1e999", "inf", "-inf", "pi", "2**0.5"]),
)
_vectors = st.lists(_numbers, max_size=4).map(lambda items: f"[{', '.join(items)}]")
_learned = st.lists(_numbers, max_size=3).map(lambda items: f"learn({', '.join(items)})")
_values = st.one_of(
    _numbers,
    _numbers,
    _vectors,
    _learned,
    st.sampled_from(["z", "a", "true", '"x"', "Normal(0, 1)", "[[1, 0], [0, 1]]"]),
)
_calls = st.builds(lambda name, items: f"{name}({', '.join(items)})", st.sampled_from([*transforms(), "layer", "Squash"]), st.lists(_values, max_size=3))  # fmt: skip
_bases = st.one_of(
    st.sampled_from([example for kind in bases().values() for example in kind.examples]),
    st.builds(lambda name, items, copies: f"{name}({', '.join(items)}){copies}", st.sampled_from([*bases()]), st.lists(_values, max_size=3), st.sampled_from(["", "[2]", "[3]"])),
)  # fmt: skip
_plain = st.one_of(
    st.sampled_from([example for kind in transforms().values() for example in kind.examples]),
    _calls,
    st.just("Onto(event)"),
)
_blocks = st.sampled_from(
    ["repeat(2)", "repeat(3)", "inverse", "on(0)", "on(0, 1)", "on(x)", "on(y, x)"]
)
_steps = st.recursive(
    _plain,
    lambda inner: st.builds(
        lambda form, body: f"{form} {{ {' |> '.join(body)} }}",
        _blocks,
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
_supports = st.sampled_from(
    [
        "",
        ": real",
        ": positive",
        ": (0, 1)",
        ": [0, inf)",
        ": circle",
        ": circle(0, 1)",
        ": simplex",
        ": ordered",
    ]
)
_statements = st.one_of(
    st.builds(lambda a, b: f"event x{a}, y{b}", _supports, _supports),
    st.builds(lambda a: f"context z{a}", _supports),
    st.builds(lambda v: f"let a = {v}", _values),
    st.builds(
        lambda v, w: f"train {{ epochs = {v} schedule = {w}, dequantize = x }}", _values, _values
    ),
    st.builds(
        lambda body: f"def layer(a=1) = {' |> '.join(body)}",
        st.lists(_steps, min_size=1, max_size=2),
    ),
)

likely_programs = st.builds(
    lambda statements, base, steps: "\n".join([*statements, " |> ".join([base, *steps])]),
    st.lists(_statements, max_size=3), _bases, st.lists(_steps, max_size=5),
)  # fmt: skip
"""Most of them follow the grammar, many are flows."""

grammatical_texts = from_lark(LARK, start="start")
"""What the grammar allows, whatever it means."""


@st.composite
def damaged_texts(draw) -> str:
    """Examples with pieces left out, doubled, moved, or replaced by noise."""
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        place = draw(st.integers(0, len(text)))
        piece = text[start:end]
        noise = draw(st.text(max_size=5))
        text = draw(
            st.sampled_from(
                [
                    text[:start] + text[end:],
                    text[:place] + piece + text[place:],
                    text[:start] + noise + text[end:],
                    text[:start] + text[end:]
                    if place > end
                    else text[:place] + piece + text[place:start] + text[end:],
                ]
            )
        )
    return text


def answer(text: str) -> Flow | FlowError:
    """What `parse` says, with the promises that hold for every text."""
    started = time.process_time()
    try:
        found = flowspec.parse(text)
    except FlowError as error:
        found = error
        assert 0 < len(str(error)) < 2_000_000, "thousands of mistakes are not all told"
        for each in error.diagnostics:
            each.to_json()
            assert each.message
            assert each.span is None or 0 <= each.span.start <= each.span.end <= len(
                each.span.source.text
            )
    assert isinstance(found, Flow | FlowError)
    assert time.process_time() - started < SECONDS
    return found


def _many(examples: int, nightly: int):
    """Each text must be answered, and so must the next one; the same texts every time."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=nightly if NIGHTLY else examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=checks,
    )


@_many(250, nightly=6000)
@given(likely_programs)
def test_likely_programs_get_an_answer(text):
    answer(text)


@_many(200, nightly=3000)
@given(damaged_texts())
def test_damaged_examples_get_an_answer(text):
    answer(text)


@pytest.mark.slow
@_many(12, nightly=1000)
@given(grammatical_texts)
def test_grammatical_texts_get_an_answer(text):
    answer(text)
    assert as_read(text) == as_lark_reads(text)


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_prefix_of_an_example_gets_an_answer(text):
    for end in range(0, len(text), 7):
        answer(text[:end])


# --- hostile texts --------------------------------------------------------------------------------

_BOMB = "def m0 = Tanh |> Atanh\n" + "".join(f"def m{i + 1} = m{i} |> m{i}\n" for i in range(25))
_ROWS = ", ".join("[" + ", ".join(["0.5"] * 100) + "]" for _ in range(120))

HOSTILE = {
    "ten megabytes of brackets": ("(" * 10_000_000, "file-too-large"),
    "brackets": ("(" * 190_000, "nested-too-deeply"),
    "nested vectors": ("Normal(" + "[1," * 60_000, "nested-too-deeply"),
    "nested blocks": ("Normal |> " + "repeat(2) { " * 15_000, "nested-too-deeply"),
    "nested to the limit": ("Normal(" + "(" * 60 + "1" + ")" * 60 + ", 1)", None),
    "minus signs": ("Normal(" + "-" * 199_000 + "1)", "too-many-words"),
    "fewer minus signs": ("Normal(" + "-" * 24_000 + "1)", None),
    "a long sum": ("Normal(" + "1+" * 12_000 + "1, 1)", None),
    "a long product": ("Normal(" + "1*" * 12_000 + "1, 1)", None),
    "a long power": ("Normal(" + "1**" * 12_000 + "1, 1)", None),
    "a tower of powers": ("Normal(2**2**2**2**99, 1)", "bad-arithmetic"),
    "a long pipeline": ("Normal" + " |> Tanh" * 12_000, "too-many-steps"),
    "a pipeline of a thousand": ("Normal(0, 1)" + " |> Shift(1)" * 1_000, None),
    "names": ("a " * 99_000, "too-many-words"),
    "one long name": ("a" * 199_000, "unknown-name"),
    "a long misspelt step": ("Normal |> " + "Tanh" * 5_000, "unknown-name"),
    "many misspelt steps": ("Normal" + " |> Tnah" * 8_000, None),
    "many unknown values": ("Normal([" + "foo, " * 10_000 + "1], 1)", None),
    "hash signs": ("#" * 199_999, "empty-file"),
    "quotes": ('"' * 199_999, None),
    "blanks": (" " * 199_999, "empty-file"),
    "line breaks": ("\n" * 199_999, "empty-file"),
    "late mistake after line breaks": ("\n" * 150_000 + "Nrmal", "unknown-name"),
    "nulls": ("\0" * 199_999, None),
    "digits": ("Normal(" + "9" * 190_000 + ", 1)", "bad-arithmetic"),
    "a small number": ("Normal(0." + "0" * 190_000 + "1, 1)", None),
    "infinite": ("Normal(1e999, 1)", "bad-arithmetic"),
    "repeat bomb": ("Normal |> " + "repeat(1000) { " * 20 + "Shift(1)" + " }" * 20, "too-many-steps"),
    "empty repeat bomb": ("def e = repeat(1000) { Tnah }\nNormal |> " + "repeat(1000) { " * 20 + "e" + " }" * 20, "unknown-name"),
    "macro bomb": (_BOMB + "Normal |> m25", "too-many-steps"),
    "macro bomb of mistakes": (_BOMB.replace("Tanh |> Atanh", "Tnah") + "Normal |> m25", "unknown-name"),
    "macro bomb of bases": (_BOMB.replace("Tanh |> Atanh", "Normal") + "m25", None),
    "macro bomb of arguments": ("".join(f"def f{i}(a=1) = f{i + 1}(a + a) |> f{i + 1}(a)\n" for i in range(30)) + "def f30(a) = Shift(a)\nNormal |> f0", None),
    "doubling vectors": ("let a0 = [1, 2]\n" + "".join(f"let a{i + 1} = [a{i}, a{i}]\n" for i in range(40)) + "Normal(a40, 1)", None),
    "doubling joins": ("def a = Normal\n" + "".join(f"let b{i + 1} = Join(b{i}, b{i})\n" for i in range(30)).replace("b0", "Normal(0, 1)") + "Join(b30)", None),
    "recursion": ("def f = f |> f\nNormal |> f", "recursion"),
    "mutual recursion": ("def f(n) = g(n) |> g(n)\ndef g(n) = f(n) |> f(n)\nNormal |> f(1)", "recursion"),
    "copies": ("Normal(0, 1)[1e9]", "bad-count"),
    "as many copies as there may be": ("Normal(0, 1)[4096] |> Exp |> Log |> Tanh |> Reverse", None),
    "copied copies": ("Join(" + "Normal(0, 1)[4096], " * 500 + "Normal)", "event-too-large"),
    "a huge coordinate": ("Normal(0, 1)[2] |> on(1e300) { Tanh }", "unknown-coordinate"),
    "a large coordinate": ("Normal(0, 1)[2] |> on(999999) { Tanh }", "wrong-coordinate"),
    "many coordinates": ("Normal(0, 1)[4096] |> on(" + ", ".join(map(str, range(4096))) + ") { Tanh }", None),
    "steps on many coordinates": ("let c = [" + ", ".join(map(str, range(2000))) + "]\nNormal(0, 1)[4096] |> repeat(100) { on(c) { Tanh |> Atanh } }", None),
    "a large vector": ("Normal([" + "1, " * 4_000 + "1], 1)", None),
    "a vector that is too large": ("Normal([" + "1, " * 12_000 + "1], 1)", None),
    "a large matrix": (f"Normal(0, 1)[100] |> Linear([{_ROWS}])", None),
    "linear on all coordinates": ("Normal(0, 1)[4096] |> LULinear", None),
    "linear on all coordinates, again and again": ("Normal(0, 1)[4096] |> repeat(100) { LULinear }", None),
    "householder on all coordinates": ("Normal(0, 1)[4096] |> repeat(50) { Householder(learn(1)) }", None),
    "splines on all coordinates": ("Normal(0, 1)[4096] |> repeat(20) { RQS(bins=256) }", None),
    "sticks on all coordinates": ("Normal(0, 1)[4095] |> StickBreaking |> inverse { StickBreaking }", None),
    "many variables": ("event " + ", ".join(f"x{i}" for i in range(4096)) + "\nNormal(0, 1)[4096] |> Onto(event)", None),
    "many supports": ("event " + ", ".join(f"x{i}: (0, {i + 1})" for i in range(1500)) + "\nNormal(0, 1)[1500] |> Onto(event)", None),
    "many lets": ("".join(f"let a{i} = {i}\n" for i in range(6000)) + "Normal(a5, 1)", None),
    "many defs": ("".join(f"def f{i} = Shift({i})\n" for i in range(3000)) + "Normal |> f5", None),
    "the same variable": ("event " + ", ".join(["x"] * 8000) + "\nNormal", None),
    "many domain mistakes": ("Normal(0, 1)" + " |> Logit |> Exp" * 450, "domain-mismatch"),
    "many trained causes": ("Uniform(0, 1)" + " |> Affine(learn(0), learn(1))" * 400 + " |> Logit", "domain-mismatch"),
    "many trained causes and mistakes": ("Uniform(0, 1)" + " |> Affine(learn(0), learn(1)) |> Logit" * 400, "domain-mismatch"),
    "a mixture of many": ("Mixture([" + "1, " * 999 + "1], " + ", ".join(["Normal(0, 1)"] * 1000) + ")", None),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_get_an_answer_soon(name):
    text, code = HOSTILE[name]
    found = answer(text)
    if code is not None:
        assert isinstance(found, FlowError)
        assert code in {each.code for each in found.diagnostics}


def test_the_same_text_gets_the_same_answer():
    text = "Normal(0, 1) |> Tnah |> Affine(shft=1) |> Affine(1, 0)"
    assert str(answer(text)) == str(answer(text))
    assert re.search(r"\bTnah\b", str(answer(text)))
