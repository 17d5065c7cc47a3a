"""Orders of coordinates, in plain numbers: torch's compiler follows no numpy."""

from __future__ import annotations

from collections.abc import Sequence


def undone(order: Sequence[int]) -> list[int]:
    """The order that undoes another one: the place of each number in it."""
    places = [0] * len(order)
    for place, number in enumerate(order):
        places[number] = place
    return places
