"""Scratch memory: which values may stand where others have stood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from flowspec.ops.c.values import Buffer


@dataclass
class Statement:
    """Lines of C, and the buffers that they touch. Offsets stand in them as `@buffer+offset@`."""

    lines: list[str]
    touched: set[Buffer] = field(default_factory=set)


@dataclass
class Turns:
    """A loop over statements."""

    head: str
    body: list[Statement | Turns]


Statements = Sequence[Statement | Turns]


def offsets(statements: Statements, kept: set[Buffer]) -> tuple[dict[Buffer, int], dict[str, int]]:
    """The place of each buffer in the array of its kind, and the length of each array, in elements.

    kept   buffers that hold something before the first statement, or are read behind the last one
    """
    lives = _lives(statements, kept)
    placed: dict[Buffer, int] = {}
    lengths: dict[str, int] = defaultdict(int)
    by_array: dict[str, list[Buffer]] = defaultdict(list)
    for buffer in sorted(lives, key=lambda b: (lives[b][0], b.number)):
        first, last = lives[buffer]
        neighbors = by_array[buffer.array]
        busy = sorted(
            (placed[other], placed[other] + other.size)
            for other in neighbors
            if lives[other][1] >= first and lives[other][0] <= last
        )
        place = 0
        for low, high in busy:
            if place + buffer.size <= low:
                break
            place = max(place, high)
        placed[buffer] = place
        neighbors.append(buffer)
        lengths[buffer.array] = max(lengths[buffer.array], place + buffer.size)
    return placed, dict(lengths)


def _lives(statements: Statements, kept: set[Buffer]) -> dict[Buffer, tuple[int, int]]:
    """The first and the last statement of each buffer. What a loop takes from outside lives until
    it ends.
    """
    clock = count(1)
    lives: dict[Buffer, tuple[int, int]] = dict.fromkeys(kept, (0, 0))

    def walk(several: Statements) -> Iterator[Buffer]:
        for one in several:
            if isinstance(one, Turns):
                start = next(clock)
                touched = set(walk(one.body))
                end = next(clock)
                for buffer in touched:
                    first, last = lives[buffer]
                    if first < start:
                        lives[buffer] = (first, max(last, end))
                yield from touched
                continue
            now = next(clock)
            for buffer in one.touched:
                first, _ = lives.get(buffer, (now, now))
                lives[buffer] = (first, now)
                yield buffer

    for _ in walk(statements):
        pass
    end = next(clock)
    return lives | dict.fromkeys(kept, (0, end))
