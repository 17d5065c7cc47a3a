"""Flows that spoiled data is for."""

from __future__ import annotations

from pathlib import Path

PAIR = "event length, width: positive\nNormal(learn(0), learn(1))[2] |> Exp"
ONE = "event x\nNormal(learn(0), learn(1))"
DICE = "event eyes: [0, 6], weight\nNormal(learn(0), learn(1))[2] |> Onto(event)"
SHARES = "event p, q, r: simplex\nNormal(learn(0), learn(1))[2] |> Onto(event)"
TIMES = "event first, second, third: ordered\nNormal(learn(0), learn(1))[3] |> Onto(event)"
ANGLE = "event angle: circle(-pi, pi)\nVonMises(learn(0), learn(1))"
GIVEN = "context z: positive\nevent y\nNormal(learn(0), learn(1)) |> Scale(z)"
GOOD = "length,width\n1,2\n2,3\n3,5\n"


def written(name: str, text: str) -> Path:
    """A file of the current folder with this text."""
    path = Path(name)
    path.write_text(text)
    return path
