"""What an editor shows about the word under the pointer, as Markdown."""

from __future__ import annotations

import re
from typing import NamedTuple

from flowspec.editing.document import Document
from flowspec.editing.names import Named, name_at
from flowspec.editing.roles import ARGUMENT
from flowspec.editing.structure import open_brackets
from flowspec.editing.vocabulary import FUNCTION, KEYWORD, SETTING, SUPPORT
from flowspec.editing.words import declaration, entry, fields, shape, signature_of, support
from flowspec.ir.settings import Settings, ranges
from flowspec.language.catalogue import Entry

KEYWORDS = {
    "let": "Gives a value a name.",
    "def": "Gives steps, or a whole flow, a name. It may have parameters.",
    "event": "Names the columns of the data, and declares their supports.",
    "context": "Names the columns on which the density is conditioned, and their supports.",
    "train": "Hyper-parameters for the training.",
}


_LABEL = re.compile(r"\n(?=[A-Z]\w+:)")
"""The break before `Source:` and its like, which Markdown would take for a space."""


class Hover(NamedTuple):
    """Markdown about the characters `start` to `end`."""

    start: int
    end: int
    markdown: str


def hover(document: Document, offset: int) -> Hover | None:
    """What is known of the word at a character; None where there is none."""
    found = document.role_at(offset)
    if found is None:
        return None
    token, role = found
    name = name_at(document, offset)
    if name:
        parts = [_code(declaration(document, name)), _kind(name)]
    elif role == ARGUMENT:
        parts = [_argument(document, offset, token.text)]
    elif role == SETTING:
        parts = [_setting(token.text)]
    elif role == KEYWORD:
        parts = [KEYWORDS.get(token.text, "")]
    elif role == SUPPORT:
        parts = [f"the support `{token.text}`"]
    elif role == FUNCTION:
        parts = [_code(signature_of(document, [], token.text)), _function(token.text)]
    else:
        known = entry(token.text)
        parts = _entry(known) if known else []
    parts = [*parts, here(document, token.start)]
    markdown = "\n\n".join(part for part in parts if part)
    return Hover(token.start, token.end, markdown) if markdown else None


def here(document: Document, start: int) -> str:
    """The supports before and behind the element that starts there; "" if none does."""
    point = document.points_by_start.get(start)
    if point is None or point.behind is None:
        return ""
    size = shape(point.behind)
    if point.before is None:
        return f"**Here:** gives {support(point.behind)} ({size})"
    return f"**Here:** {support(point.before)} → {support(point.behind)} ({size})"


def _code(text: str) -> str:
    return f"```flow\n{text}\n```" if text else ""


def _kind(name: Named) -> str:
    words = {"parameter": f"parameter of `{name.owner}`", "counter": "counts the turns from 0"}
    return words.get(name.kind, "")


def _entry(known: Entry) -> list[str]:
    sides = [
        f"{word} {value}"
        for word, value in (("takes", known.takes), ("gives", known.gives))
        if value
    ]
    formula, _, rest = known.text.partition("\n\n")
    return [_code(known.signature), formula, _LABEL.sub("  \n", rest), "; ".join(sides)]


def _argument(document: Document, offset: int, name: str) -> str:
    place = document.place_before(offset)
    brackets = open_brackets(document.tokens, 0, place)
    called = next((each.called for each in reversed(brackets) if each.opening.text == "("), "")
    known = entry(called)
    found = next((each for each in known.arguments if each[0] == name), None) if known else None
    if found is None or name not in fields(called):
        return ""
    default = f" (default: `{found[1]}`)" if found[1] else ""
    return f"`{name}` of `{called}`: {found[2]}{default}"


def _setting(name: str) -> str:
    limits = ranges().get(name)
    if limits is None:
        return ""
    default = getattr(Settings, name, "")
    shown = f" Default: `{default}`." if default != () else ""
    return f"`{name}`: {limits.doc}{shown}"


def _function(name: str) -> str:
    return "A parameter that is found from data." if name == "learn" else f"the function `{name}`"


def documentation(name: str) -> str:
    """The Markdown about a word of the language; "" if it is none."""
    known = entry(name)
    if known:
        return "\n\n".join(part for part in _entry(known) if part)
    return KEYWORDS.get(name, "") or _setting(name)
