"""The elementary functions of C, those that a file calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

OF_BOTH = re.compile(r"\b(\w+)_t(?=\()")
DEFINED = re.compile(r"^INLINE \w+ (\w+)\(", re.MULTILINE)


@cache
def definitions() -> dict[str, str]:
    """The text of each function of elementary.c with its comment, in an order in which each stands
    behind those that it calls.
    """
    text = files("flowspec.ops.c").joinpath("elementary.c").read_text()
    found = {}
    for piece in text.split("\n\n")[1:]:
        for letter, real in (("f", "float"), ("d", "double")):
            written = OF_BOTH.sub(rf"\1_{letter}", piece).replace("REAL", real)
            if name := DEFINED.search(written):
                found[name[1]] = written.strip("\n")
    return found


def needed(called: Iterable[str]) -> list[str]:
    """The definitions of functions, and of all that they call."""
    known, wanted, waiting = definitions(), set(), list(called)
    while waiting:
        name = waiting.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            waiting += re.findall(r"\b\w+(?=\()", known[name])
    return [known[name] for name in known if name in wanted]
