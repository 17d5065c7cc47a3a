"""What is found of one side of a fit, in a word, with the figure that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Word = Literal["fine", "look", "bad"]
WORDS: Sequence[Word] = ("fine", "look", "bad")

LOOK, BAD = 1e-2, 1e-3
"""Chances that a perfect model differs so much, below which a difference counts: with some six
items, one model in 200 that is perfect is called bad.
"""


@dataclass(frozen=True)
class Item:
    """One side of a fit.

    name      what was looked at: "columns", "tails"
    verdict   "fine", "look" or "bad"
    figure    what it rests on, in words
    details   numbers for programs, and for tables of a report
    """

    name: str
    verdict: Word
    figure: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "figure": self.figure,
            "details": dict(self.details),
        }


def verdict(chance: float, effect: float, look: float, bad: float) -> Word:
    """The word for a difference: it has to be larger than chance, and large enough to matter.

    chance      that a perfect model shows such a difference or a larger one
    effect      how large it is
    look, bad   sizes from which on it matters
    """
    if chance < BAD and effect >= bad:
        return "bad"
    return "look" if chance < LOOK and effect >= look else "fine"


def worst(words: Sequence[Word]) -> Word:
    return max(words, key=WORDS.index, default="fine")


def several(chance: float, tests: int) -> float:
    """The chance that the smallest of several tests is so small (Bonferroni)."""
    return min(1.0, chance * max(tests, 1))
