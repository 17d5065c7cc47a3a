"""The kinds of things that public functions take, and the one check of them.

A thing of another kind is a mistake of the program, not of its data: a `TypeError`, as Python has
it, in words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from flowspec.diagnostics.records import Record, record


@record
class Kind(Record):
    """A kind of things: how it is called, what is of it, and what else to do with another thing."""

    words: str
    holds: Callable[[Any], bool]
    advice: Callable[[Any], str] = lambda value: ""

    def or_none(self) -> Kind:
        """The same kind, or None."""
        return Kind(
            f"{self.words} or None", lambda value: value is None or self.holds(value), self.advice
        )


def one_of(words: str, *classes: type) -> Kind:
    """The instances of some classes."""
    return Kind(words, lambda value: isinstance(value, classes))


TEXT = one_of("text", str)
PATH = Kind("a path", lambda value: _is_path(value), lambda value: _flaw_of_path(value))
MAPPING = one_of("a mapping", Mapping)
WHOLE = Kind("a whole number", lambda value: _is_real(value) and value == int(value))
NUMBER = Kind("a number", lambda value: _is_real(value))
SWITCH = Kind("True or False", lambda value: type(value).__name__ in ("bool", "bool_"))
FUNCTION = Kind("a function", lambda value: callable(value) and not isinstance(value, type))
WEIGHTS = one_of("weights by their paths, or the path of a file,", Mapping, str, os.PathLike)
SHAPE = Kind("a shape such as (100,)", lambda value: _is_shape(value))


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and "\0" not in str(value)


def _flaw_of_path(value: Any) -> str:
    return "no path holds the character NUL" if isinstance(value, str | os.PathLike) else ""


def _is_shape(value: Any) -> bool:
    """True for a sequence of sizes."""
    return isinstance(value, tuple | list) and all(isinstance(size, int) for size in value)


def _is_real(value: Any) -> bool:
    """True for a finite number of Python or numpy."""
    if isinstance(value, bool) or not (hasattr(value, "__float__") and hasattr(value, "__int__")):
        return False
    return not hasattr(value, "__len__") and abs(float(value)) < float("inf")


def require(function: str, /, **arguments: tuple[Any, Kind]) -> None:
    """Raise a `TypeError` where an argument is of another kind than a function takes.

    arguments   the value of each, and the kind that it is to be of; the first one needs no name
    """
    for index, (name, (value, kind)) in enumerate(arguments.items()):
        if not kind.holds(value):
            place = f" as `{name}`" if index else ""
            advice = kind.advice(value)
            raise TypeError(
                f"{function}() takes {kind.words}{place}, not {_called(value)}"
                + (f": {advice}" if advice else "")
            )


def _called(value: Any) -> str:
    """None, the name of a class, or that of a thing's class."""
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return str(value) if isinstance(value, float) else type(value).__name__
