"""An editor gets an answer to every question about any text, however it is broken."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from editor import QUESTIONS, ask_everything
from flowspec.editing.document import open_document

ROOT = Path(__file__).parents[2]
EXAMPLES = {path.stem: path.read_text("utf-8") for path in (ROOT / "examples").glob("*.flow")}
SIGNS = ["(", ")", "[", "]", "{", "}", ",", "|>", "|", "=", ":", "#", '"', "\n", "π", "😀", "\r\n"]
WORDS = ["let ", "def ", "event ", "context ", "train ", "learn", "Normal", "0.5", "-", "**"]


def prefixes(step: int) -> Iterator[tuple[str, int]]:
    """Texts as they are on the way to an example, with the cursor at their end."""
    for text in EXAMPLES.values():
        yield from ((text[:end], end) for end in range(0, len(text) + 1, step))


def mutations(count: int, seed: int) -> Iterator[tuple[str, int]]:
    """Examples with pieces put in, taken away and moved, and a cursor somewhere."""
    rng = random.Random(seed)
    for _ in range(count):
        text = rng.choice(sorted(EXAMPLES.values()))
        for _ in range(rng.randint(1, 4)):
            text = _mutated(text, rng)
        yield text, rng.randrange(len(text) + 1)


def _mutated(text: str, rng: random.Random) -> str:
    place, other = rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)
    size = rng.randint(1, 20)
    more = rng.choice([*SIGNS, *WORDS, text[other : other + size]])
    return text[:place] + more + text[place + rng.choice([0, 0, size]) :]


def test_some_prefixes_are_answered():
    for text, at in prefixes(19):
        assert ask_everything(open_document(text), at).keys() == QUESTIONS.keys()


@pytest.mark.slow
def test_every_prefix_is_answered():
    for text, at in prefixes(1):
        assert ask_everything(open_document(text), at).keys() == QUESTIONS.keys()


@pytest.mark.parametrize("count", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_mutated_texts_are_answered(count):
    for text, at in mutations(count, seed=count):
        assert ask_everything(open_document(text), at).keys() == QUESTIONS.keys()


def test_what_an_earlier_text_told_serves_a_changed_one():
    before = open_document(EXAMPLES["wine"])
    for text, at in mutations(100, seed=3):
        assert ask_everything(before.changed(text), at).keys() == QUESTIONS.keys()


def test_supports_are_known_up_to_the_cursor():
    """The element before the one that is being written has its support, in every prefix."""
    text = "Normal(0, 1)[2] |> Exp |> Affine(0, 2) |> Log"
    for end in range(text.index("Affine"), len(text) + 1):
        document = open_document(text[:end])
        at = text.index("Exp") + len("Exp")
        assert str(document.points_by_end[at].behind) == "positive x 2"
