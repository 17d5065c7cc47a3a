"""Random flows that the checker takes, of everything in the registry: one for each seed."""

from __future__ import annotations

from functools import cache
from random import Random

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.registry import bases, transforms

BASES = [text for kind in bases().values() for text in kind.examples]
STEPS = [text for kind in transforms().values() for text in kind.examples]
BLOCKS = ["repeat(2)", "inverse", "inverse", "on(0)", "on(1)", "on(0, 1)", "on(1, 0)"]
CONTEXT = "context t: positive, u: real\n"
WITH_CONTEXT = ["Shift(u)", "Scale(t)", "Affine(u, t)", "inverse { Affine(u, t) }"]
MOST_STEPS, MOST_TRIES = 5, 30


@cache
def random_flow(seed: int) -> str:
    """The text of a flow of some steps."""
    random = Random(seed)
    context = CONTEXT if random.random() < 0.25 else ""
    text = _base(random)
    wanted = random.randint(1, MOST_STEPS)
    for _ in range(MOST_TRIES):
        longer = f"{text} |> {_step(random, bool(context))}"
        if is_flow(context + longer):
            text, wanted = longer, wanted - 1
        if not wanted:
            break
    return context + text


def is_flow(text: str) -> bool:
    try:
        flowspec.parse(text)
    except FlowError:
        return False
    return True


def _base(random: Random) -> str:
    """One of the registry, copies of it, several joined or mixed."""
    while True:
        one, other = random.choice(BASES), random.choice(BASES)
        size = random.randint(1, 3)
        text = random.choice(
            [
                one,
                f"{one}[{size}]",
                f"Join({one}, {other})",
                f"Mixture([1, {size}], {one}, {other})",
            ]
        )
        if is_flow(text):
            return text


def _step(random: Random, context: bool) -> str:
    """One of the registry, or a block of one or two."""
    if context and random.random() < 0.3:
        return random.choice(WITH_CONTEXT)
    steps = random.choices(STEPS, k=random.choice([1, 1, 2]))
    if len(steps) == 1 and random.random() < 0.6:
        return steps[0]
    return f"{random.choice(BLOCKS)} {{ {' |> '.join(steps)} }}"
