"""Names that a text declares, and every place where one is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from flowspec.editing.document import Document
from flowspec.editing.roles import ARGUMENT, DECLARED
from flowspec.editing.structure import Unit
from flowspec.editing.vocabulary import KEYWORD, SETTING, SUPPORT, kinds_of_names
from flowspec.language.lexer import CLOSING, NAME, OPENING, STRING, Token, is_name, keywords

LET, DEF, EVENT, CONTEXT = "let", "def", "event", "context"
PARAMETER, COUNTER = "parameter", "counter"


class Place(NamedTuple):
    """Where a name stands; `tail`: digits behind the name of a vector, which it keeps."""

    start: int
    end: int
    quoted: bool = False
    tail: str = ""


@dataclass(frozen=True)
class Named:
    """A name that is declared: its kind, its statement, where it holds, and its places.

    The first place is that of the declaration.
    """

    kind: str
    text: str
    statement: tuple[int, int]
    holds: tuple[int, int]
    owner: str = ""
    """The macro of a parameter."""
    size: int = 0
    """The variables of a vector."""
    places: list[Place] = field(default_factory=list)

    def holds_at(self, offset: int) -> bool:
        return self.holds[0] <= offset < self.holds[1]


def named(document: Document) -> list[Named]:
    """The names that a text declares, each with its places."""
    found = list(_declared(document))
    index = _Index(found)
    for token, role, called in _uses(document):
        name = index.argument(called, token.text) if role == ARGUMENT else index.meant(token)
        if name:
            place = _place(token, name)
            if place not in name.places:
                name.places.append(place)
    return found


def name_at(document: Document, offset: int) -> Named | None:
    """The declared name that is meant at a character."""
    for name in named(document):
        if any(place.start <= offset <= place.end for place in name.places):
            return name
    return None


class RenameRefused(Exception):
    """A new name that would mean something else; the message says what."""


def renamed(document: Document, offset: int, new: str) -> list[tuple[Place, str]] | None:
    """The places of a name with what is to stand there; None if no name is there.

    Errors:  RenameRefused
    """
    name = name_at(document, offset)
    if name is None:
        return None
    _check(document, name, new)
    texts = []
    for place in name.places:
        written = new + place.tail
        plain = is_name(new) and written not in keywords()
        texts.append((place, written if plain and not place.quoted else f'"{written}"'))
    return texts


def _check(document: Document, name: Named, new: str) -> None:
    is_variable = name.kind in (EVENT, CONTEXT)
    quotable = is_variable and new.strip() == new and new.isprintable() and '"' not in new
    if not new or not (is_name(new) or quotable):
        raise RenameRefused(f"`{new}` is not a name")
    if name.size and not is_name(new):
        raise RenameRefused(f"`{new}` cannot be the name of a vector")
    if new in keywords() or new in kinds_of_names():
        raise RenameRefused(f"`{new}` is a word of the language")
    for other in named(document):
        overlaps = other.holds[0] < name.holds[1] and name.holds[0] < other.holds[1]
        if other.text == new and overlaps and new != name.text:
            raise RenameRefused(f"there is a `{new}` already")


# --- declarations ---------------------------------------------------------------------------------


def _declared(document: Document) -> Iterator[Named]:
    whole = (0, len(document.text) + 1)
    for unit in document.units:
        tokens = document.tokens[unit.first : unit.last]
        span = (tokens[0].start, tokens[-1].end)
        if unit.kind in (LET, DEF) and len(tokens) > 1 and tokens[1].kind == NAME:
            yield _name(unit.kind, tokens[1], span, whole)
        if unit.kind == DEF:
            yield from _parameters(tokens, span)
        if unit.kind in (EVENT, CONTEXT):
            yield from _variables(document, unit, span, whole)
        yield from _counters(tokens)


def _name(
    kind: str,
    token: Token,
    statement: tuple[int, int],
    holds: tuple[int, int],
    owner: str = "",
    size: int = 0,
) -> Named:
    text = token.text[1:-1] if token.kind == STRING else token.text
    made = Named(kind, text, statement, holds, owner, size)
    made.places.append(Place(token.start, token.end, quoted=token.kind == STRING))
    return made


def _parameters(tokens: list[Token], span: tuple[int, int]) -> Iterator[Named]:
    if len(tokens) < 3 or tokens[2].text != "(":
        return
    depth = 0
    for before, token in pairwise(tokens[2:]):
        depth += (before.text in CLOSING) - (before.text in OPENING)
        if depth <= 0:
            return
        if depth == 1 and token.kind == NAME and before.text in ("(", ","):
            yield _name(PARAMETER, token, span, span, owner=tokens[1].text)


def _variables(
    document: Document, unit: Unit, span: tuple[int, int], holds: tuple[int, int]
) -> Iterator[Named]:
    for place in range(unit.first + 1, unit.last):
        role = document.code[place]
        if role.role == DECLARED:
            behind = [token.text for token in document.tokens[place + 1 : place + 3]]
            size = int(behind[1]) if behind[:1] == ["["] and behind[1:] and _is_count(behind) else 0
            yield _name(unit.kind, role.token, span, holds, size=size)


def _is_count(behind: list[str]) -> bool:
    return behind[1].isdecimal() and len(behind[1]) < 6


def _counters(tokens: list[Token]) -> Iterator[Named]:
    """The names that count in `repeat(n, i) { ... }`."""
    for place, token in enumerate(tokens[:-4]):
        if token.text != "repeat" or tokens[place + 1].text != "(":
            continue
        closing = _closing(tokens, place + 1)
        counter = tokens[closing - 1]
        if closing - place < 4 or counter.kind != NAME or tokens[closing - 2].text != ",":
            continue
        has_block = closing + 1 < len(tokens) and tokens[closing + 1].text == "{"
        last = _closing(tokens, closing + 1) if has_block else closing
        span = (token.start, tokens[last].end)
        yield _name(COUNTER, counter, span, span)


def _closing(tokens: list[Token], place: int) -> int:
    """The bracket that closes the one at a place; the last token if none does."""
    depth = 0
    for number in range(place, len(tokens)):
        depth += (tokens[number].text in CLOSING) - (tokens[number].text in OPENING)
        if depth == 0:
            return number
    return len(tokens) - 1


# --- uses -----------------------------------------------------------------------------------------


class _Index:
    """The names by how they can be meant."""

    def __init__(self, names: list[Named]) -> None:
        self._local: dict[str, list[Named]] = {}
        self._whole: dict[str, Named] = {}
        self._arguments = {(n.owner, n.text): n for n in names if n.kind == PARAMETER}
        for name in names:
            if name.kind in (PARAMETER, COUNTER):
                self._local.setdefault(name.text, []).append(name)
                continue
            self._whole.setdefault(name.text, name)
            for number in range(name.size):
                self._whole.setdefault(f"{name.text}{number}", name)

    def argument(self, called: str, text: str) -> Named | None:
        return self._arguments.get((called, text))

    def meant(self, token: Token) -> Named | None:
        if token.kind == STRING:
            name = self._whole.get(token.text[1:-1])
            return name if name and name.kind in (EVENT, CONTEXT) else None
        inner = [name for name in self._local.get(token.text, ()) if name.holds_at(token.start)]
        if inner:
            return max(inner, key=lambda name: name.holds[0])
        return self._whole.get(token.text)


_NO_USES = (KEYWORD, SETTING, SUPPORT)


def _uses(document: Document) -> Iterator[tuple[Token, str, str]]:
    """The tokens that may mean a name, their roles, and the call in which each stands."""
    calls: list[str] = []
    before = ""
    for token, role in document.code:
        if token.kind in (NAME, STRING):
            if role not in _NO_USES:
                yield token, role, calls[-1] if calls else ""
        elif token.text in CLOSING:
            calls.append(before if token.text == "(" else "")
        elif token.text in OPENING and calls:
            calls.pop()
        before = token.text if token.kind == NAME else ""


def _place(token: Token, name: Named) -> Place:
    text = token.text[1:-1] if token.kind == STRING else token.text
    tail = text[len(name.text) :] if name.size else ""
    return Place(token.start, token.end, token.kind == STRING, tail)
