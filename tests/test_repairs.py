"""Repairs: each takes its mistake away, and every mistake with advice has one, or a reason."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.repairs import Edit, Fix, apart, applied
from flowspec.diagnostics.source import Source, Span
from flowspec.language import syntax_mistakes
from flowspec.language.checker import check
from flowspec.language.fixing import fixed
from flowspec.language.parser import decoded

FILES = sorted((Path(__file__).parent / "mistakes").glob("*.flow"))

UNCOVERS = {"syntax-two-pipelines"}
"""Goldens in which another mistake against the grammar follows, which waits behind the first."""

NUMBERS = "which numbers are meant is not known"
NAMES = "which name is meant is not known"
PLACES = "where it belongs is not known"
SIZES = "which of two sizes is meant is not known"
STEPS = "which steps are meant is not known"
UNREPAIRED = {
    "AdjacencyTooWide": NUMBERS,
    "ArrayTooLarge": NUMBERS,
    "BadCount": NUMBERS,
    "BadName": "nothing is left of an empty name",
    "BadNumber": NUMBERS,
    "CircularAdjacency": NUMBERS,
    "CopiedVector": SIZES,
    "DomainMismatch": "the base is another one, or the call stands for steps of the prelude",
    "EmptyBlock": STEPS,
    "EmptyCut": NUMBERS,
    "EmptyFile": STEPS,
    "EmptyVector": NUMBERS,
    "EndNotANumber": NUMBERS,
    "EntryTooLarge": NUMBERS,
    "EventCount": NAMES,
    "EventTooLarge": SIZES,
    "FlowTooLarge": STEPS,
    "MissingArgument": NUMBERS,
    "MissingPipe": "the second name is no step, so something else is wrong",
    "MissingPipeline": STEPS,
    "MissingValue": NUMBERS,
    "MixedVector": NUMBERS,
    "NearlyFlat": NUMBERS,
    "NeedsBlock": STEPS,
    "NestedTooDeeply": "what is to have a name is not known",
    "NetworkTooLarge": SIZES,
    "NoQuantile": "which base is meant is not known",
    "NoSetting": NAMES,
    "NoSuchEnd": "what is left of a list without it is not in the text",
    "NoStep": STEPS,
    "NoValue": NUMBERS,
    "NoWayOnto": "the base is another one",
    "NoEvent": "which columns there are is not in the text",
    "NotACovariance": NUMBERS,
    "NotAMatrix": NUMBERS,
    "NotANumber": NUMBERS,
    "NotAPermutation": NUMBERS,
    "NotAStep": PLACES,
    "NotByRow": NUMBERS,
    "NotFinite": NUMBERS,
    "NotText": "there is no text to change",
    "NotTrainable": NUMBERS,
    "NotTriangular": NUMBERS,
    "OneSidedMask": NUMBERS,
    "OneVariableTied": NAMES,
    "OntoInBlock": PLACES,
    "OntoSize": SIZES,
    "OntoTied": PLACES,
    "OntoWithoutEvent": NAMES,
    "OrderAndAdjacency": "which of both is meant is not known",
    "OutOfRange": "which of the numbers other than 0, or in a vector, is not known",
    "PercentSign": "a sign between two values may stand for any operator",
    "PositionAfterName": NAMES,
    "RaggedMatrix": NUMBERS,
    "Recursion": STEPS,
    "RepeatedCoordinate": NUMBERS,
    "RepeatedName": "which uses mean which of both is not known",
    "ReservedName": NAMES,
    "ScatteredComponents": "which base is meant is not known",
    "ScatteredCoordinates": NAMES,
    "SingularMatrix": NUMBERS,
    "SizeMismatch": SIZES,
    "SplitGroup": NAMES,
    "StrayColon": NAMES,
    "TakesNoBlock": PLACES,
    "ThinCut": NUMBERS,
    "TiedContext": "which supports are meant is not known",
    "TiedCoordinates": PLACES,
    "TooDeep": STEPS,
    "TooManyArguments": "which of them is too much is not known",
    "TooManyBases": SIZES,
    "TooManySteps": STEPS,
    "UnequalSizes": NUMBERS,
    "UnexpectedWord": "several words could stand there",
    "UnfinishedValue": NUMBERS,
    "UnknownArgument": "no name is near",
    "UnknownCharacter": "a letter may be a part of a name",
    "UnknownCoordinate": "no name is near",
    "UnknownName": "no name is near",
    "UnknownSupport": "no name is near",
    "UnlikeComponents": SIZES,
    "UnlikeLengths": SIZES,
    "UnsortedInterval": "what is trained may cross wherever it starts",
    "UnsortedKnots": NUMBERS,
    "WrongAdjacency": NUMBERS,
    "WrongCoordinate": NUMBERS,
    "WrongCount": NUMBERS,
    "WrongKind": "what is meant is not known",
    "WrongSetting": NUMBERS,
    "WrongSize": SIZES,
    "ZeroVector": NUMBERS,
}
"""Mistakes that have advice, but no edits in some golden file, and why."""


def mistakes_of(text: str, name: str) -> tuple[Diagnostic, ...]:
    try:
        check(Source(text, name))
    except FlowError as error:
        return error.diagnostics
    return ()


def goldens() -> Iterator[tuple[Path, str, tuple[Diagnostic, ...]]]:
    for path in FILES:
        try:
            text = decoded(path.read_bytes(), path.name).text
        except FlowError as error:
            yield path, "", error.diagnostics
        else:
            yield path, text, mistakes_of(text, path.name)


def alike(mistakes: tuple[Diagnostic, ...], other: Diagnostic) -> int:
    """How many say the same."""
    words = (other.message, other.note, other.help)
    return sum((each.message, each.note, each.help) == words for each in mistakes)


def against_grammar(mistakes: tuple[Diagnostic, ...]) -> set[str]:
    grammar = syntax_mistakes.__name__
    return {type(each).__name__ for each in mistakes if type(each).__module__ == grammar}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_repair_takes_its_mistake_away(path):
    try:
        text = decoded(path.read_bytes(), path.name).text
    except FlowError:
        return  # no text
    before = mistakes_of(text, path.name)
    for mistake in before:
        for fix in mistake.fixes:
            assert fix.title and fix.edits
            assert all(edit.span.source.text == text for edit in fix.edits)
            after = mistakes_of(applied(text, fix.edits), path.name)
            assert alike(after, mistake) < alike(before, mistake), fix
            new = against_grammar(after) - against_grammar(before)
            assert not new or path.stem in UNCOVERS, fix


def test_every_advice_is_a_repair_or_has_a_reason():
    advised = [each for _, _, mistakes in goldens() for each in mistakes if each.help]
    unrepaired = {type(each).__name__ for each in advised if not each.fixes}
    assert unrepaired == UNREPAIRED.keys()
    assert sum(bool(each.fixes) for each in advised) >= 150 <= len(advised)


def repaired(text: str) -> str:
    """The text with the first repair of each of its mistakes."""
    fixes = [each.fixes[0] for each in mistakes_of(text, "<flow>") if each.fixes]
    return applied(text, [edit for fix in apart(fixes) for edit in fix.edits])


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Nrmal(0, 1) -> Tnah", "Nrmal(0, 1) |> Tnah"),
        ("Nrmal(0, 1) |> Tnah", "Normal(0, 1) |> Tanh"),
        ("Normal(0, 1) |> Logit", "Normal(0, 1) |> Sigmoid |> Logit"),
        ("Normal(0, 1) |> inverse { Exp }", "Normal(0, 1) |> Exp |> inverse { Exp }"),
        ("Normal(0, 1)[3] |> inverse { Ordered }",
         "Normal(0, 1)[3] |> Ordered |> inverse { Ordered }"),
        ("Normal(0, scale=-2)", "Normal(0, scale=2)"),
        ("let s = -2\nNormal(0, s)", "let s = -2\nNormal(0, s)"),
        ("Normal(learn(init=0, low=1), 1)", "Normal(learn(init=2, low=1), 1)"),
        ("context a, z, b\nNormal(0, z)", "context a: real, z: positive, b\nNormal(0, z)"),
        ("context a, z: (0, 1)\nNormal(z, 1) |> Affine(0, learn(1, high=-1))", None),
        ("event x, y: positive\nJoin(Exponential(1), Uniform(0, 1))", None),
        ("event x\nevent y: positive\nNormal(0, 1)[2]",
         "event x: real, y: positive\nNormal(0, 1)[2]"),
        ("event x: (1, 0)\nUniform(0, 1)", "event x: (0, 1)\nUniform(0, 1)"),
        ("Normal([0, 1, 1)", "Normal([0, 1, 1])"),
        ("Normal([0, 1), 1)", "Normal([0, 1], 1)"),
        ("Normal(0, 1) |> on('x') { Tanh }", 'Normal(0, 1) |> on("x") { Tanh }'),
        ("Normal(“a”, 1)", 'Normal("a", 1)'),
        ("event `x`\nNormal(0, 1)", "event x\nNormal(0, 1)"),
        ("Normal(0x10, 1_000)", "Normal(16, 1_000)"),
        ("train epochs = 3, dequantize = [x], seed = -1\nNormal(0, 1)",
         "train { epochs = 3, dequantize = [x], seed = -1 }\nNormal(0, 1)"),
        ("Normal(0, 1)\n  |> Tanh\nlet a = 3 # three\ndef f = Tanh",
         "let a = 3 # three\nNormal(0, 1)\n  |> Tanh\ndef f = Tanh"),
        ("Normal(0, 1) |> repeat(2) Affine(0, [1, 2]) |> Tanh",
         "Normal(0, 1) |> repeat(2) { Affine(0, [1, 2]) } |> Tanh"),
        ("Normal(0, 1).Tanh", "Normal(0, 1) |> Tanh"),
        ("Uniform(low=learn(0), high=1)", "Uniform(low=learn(0, high=1), high=1)"),
        ("Uniform(0, learn(1))", "Uniform(0, learn(1, low=0))"),
    ],
)  # fmt: skip
def test_the_repair_of(text, right):
    if right is not None:
        assert repaired(text) == right
    else:
        assert len(mistakes_of(repaired(text), "")) < len(mistakes_of(text, ""))


def test_a_trained_parameter_that_is_the_cause_can_be_bounded():
    text = "Uniform(0, 1) |> Scale(learn(0.5)) |> Logit"
    (mistake,) = mistakes_of(text, "")
    adapter, bound = mistake.fixes
    assert applied(text, adapter.edits) == text.replace("Logit", "Log |> Sigmoid |> Logit")
    bounded = applied(text, bound.edits)
    assert bounded == text.replace("learn(0.5)", "learn(0.5, low=0, high=1)")
    assert not mistakes_of(bounded, "")


def test_a_call_of_the_prelude_is_not_changed_for_what_its_definition_needs():
    (mistake,) = mistakes_of("Normal(0, 1) |> Unsquash(0, 1)", "")
    assert type(mistake).__name__ == "DomainMismatch" and mistake.fixes == ()


def test_fixes_that_touch_each_other_are_not_applied_together():
    source = Source("abc")
    one, two, three = (
        Fix(name, (Edit(Span(source, start, end), name),))
        for name, start, end in [("x", 0, 1), ("y", 1, 2), ("z", 2, 3)]
    )
    assert apart([one, two, three]) == [one, three]
    assert applied(source.text, [*one.edits, *three.edits]) == "xbz"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Nrmal(0, [1, 2) -> Tnah", "Normal(0, [1, 2]) |> Tanh"),
        ("Normal(0, 1) |> Tan=", "Normal(0, 1) |> Tan="),  # a `let` there leads nowhere
        ("le width = 2\nNormal(0, widht)", "let width = 2\nNormal(0, width)"),
        ("Normal(0, 1) |> Exp |> Logit; ", "Normal(0, 1) |> Exp |> Log |> Sigmoid |> Logit "),
        ("event x: (0, 1)\nNrmal(0, 1)", "event x: (0, 1)\nNormal(0, 1) |> Onto(event)"),
        ("Normal((((0, 1", "Normal((((0, 1"),  # brackets close where the mistake shows
        ("Join(Normal(0, 1), Normal(0, 1)", "Join(Normal(0, 1), Normal(0, 1))"),
    ],
)
def test_repairs_one_after_the_other(text, right):
    assert fixed(Source(text)).source.text == right


def test_a_repair_that_is_wrong_where_it_stands_is_left_out():
    text = "event x: [0, 1e999)\nNormal(0, 1e999) |> Onto(event)"
    assert fixed(Source(text)).source.text == text.replace("1e999)\n", "inf)\n")


def test_half_written_and_damaged_texts_are_repaired_as_far_as_that_leads():
    """Every edit is one of its text; the repairs end, and end where they would begin anew."""
    made = random.Random(3)
    texts = [text for _, text, _ in goldens() if len(text) < 400]
    for _ in range(250):
        text = made.choice(texts)
        start = made.randrange(len(text) + 1)
        noise = made.choice(["", "|>", "let ", "(", "]", "{", "=", '"', "“", "learn(", "1_0", "|"])
        text = text[:start] + noise + text[start + made.randrange(3) :]
        for mistake in mistakes_of(text, "<flow>"):
            for edit in (edit for fix in mistake.fixes for edit in fix.edits):
                assert edit.span.source.text == text
                assert 0 <= edit.span.start <= edit.span.end <= len(text)
        after = fixed(Source(text))
        assert not fixed(after.source).changes, text


def test_repairs_are_data_for_programs():
    with pytest.raises(FlowError) as caught:
        flowspec.parse("Normal(0, 1) |> Tnah")
    (told,) = caught.value.diagnostics
    place = {"file": "<flow>", "line": 1, "column": 17, "end_line": 1, "end_column": 21}
    assert told.to_json()["fixes"] == [
        {"title": "did you mean `Tanh`?", "edits": [{**place, "replacement": "Tanh"}]}
    ]
