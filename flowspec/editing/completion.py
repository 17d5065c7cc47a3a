"""What can be written at a place, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from flowspec.editing.columns import columns
from flowspec.editing.document import Document
from flowspec.editing.fitting import fitting_steps, univariates
from flowspec.editing.names import CONTEXT, COUNTER, DEF, EVENT, LET, PARAMETER, Named, named
from flowspec.editing.signatures import arguments_before, call_around
from flowspec.editing.structure import ELEMENT, Brackets, name_before, open_brackets
from flowspec.editing.vocabulary import (
    BASE,
    CONSTANT,
    FORM,
    FUNCTION,
    KEYWORD,
    MACRO,
    SETTING,
    STEP,
    SUPPORT,
    vocabulary,
)
from flowspec.editing.words import entry, fields, signature_of
from flowspec.ir.settings import ranges
from flowspec.language.lexer import NAME, NUMBER, OPENING, STRING, is_name
from flowspec.language.scope import Scope
from flowspec.language.steps import starts_with_base
from flowspec.parts.fields import ComponentSpec, SettingSpec, Spec
from flowspec.support.space import Space

ARGUMENT, VALUE, COLUMN, WORD = "argument", "value", "column", "word"
_JOINS = frozenset(["+", "-", "*", "/", "**", "(", "[", ",", "="])


class Item(NamedTuple):
    """A completion: `insert` takes the place of the characters from `start` to the cursor.

    rank     0 for what comes first
    snippet  True if `insert` has places to fill: `repeat(${1:4}) { $0 }`
    """

    label: str
    kind: str
    detail: str
    insert: str
    rank: int = 1
    snippet: bool = False


class Completions(NamedTuple):
    """Completions for the characters `start` to `end`."""

    start: int
    end: int
    items: tuple[Item, ...]


def completions(document: Document, offset: int, folder: Path | None = None) -> Completions:
    """What can be written at a place.

    folder   that in which the file lies, where `# data: table.csv` is looked for
    """
    place = document.place_before(offset)
    start = end = offset
    for number in (place - 1, place):
        token = document.tokens[number] if 0 <= number < len(document.tokens) else None
        if token and token.kind in (NAME, STRING) and token.start < offset <= token.end:
            place, start, end = number, token.start, token.end
    if place and document.tokens[place - 1].text == '"':  # of a word that is not closed yet
        place, start = place - 1, document.tokens[place - 1].start
    if _in_comment(document, offset):
        return Completions(offset, offset, ())
    items = list(_Writer(document, place, start, folder).items())
    unique = {item.label: item for item in reversed(items)}
    ordered = sorted(unique.values(), key=lambda item: (item.rank, item.label.lower()))
    return Completions(start, end, tuple(ordered))


def _in_comment(document: Document, offset: int) -> bool:
    line = document.text.rfind("\n", 0, offset) + 1
    return any(
        role.role == "comment" and role.token.start < offset <= role.token.end
        for role in document.roles
        if role.token.start >= line
    )


class _Writer:
    """A place in a text, and what stands before it."""

    def __init__(self, document: Document, place: int, start: int, folder: Path | None) -> None:
        self.document, self.place, self.start, self.folder = document, place, start, folder
        self.before = document.tokens[place - 1].text if place else ""
        self.unit = next((u for u in reversed(document.units) if u.first < place), None)
        self.names = named(document)
        first = self.unit.first if self.unit else 0
        self.brackets = open_brackets(document.tokens, first, place)

    def items(self) -> Iterator[Item]:
        if self.brackets:
            return self._in_brackets(self.brackets[-1])
        if self.before == "|>":
            return self._steps()
        kind = self.unit.kind if self.unit else ""
        if kind in (EVENT, CONTEXT) and self.before in (kind, ",", ":"):
            return _supports() if self.before == ":" else self._columns()
        if kind in (LET, DEF) and self.before in ("let", "def"):
            return iter(())
        if kind == LET and self.before in _JOINS:
            return iter([*self._values(None), *_bases(2)])
        if kind == DEF and self.before == "=":
            return iter([*_bases(0), *self._steps()])
        return self._starts() if self._is_complete() else iter(())

    def _is_complete(self) -> bool:
        """True if a statement, or the pipeline, can begin behind the token before."""
        if self.place == 0:
            return True
        token = self.document.tokens[self.place - 1]
        ends = token.kind in (NAME, NUMBER, STRING) or token.text in OPENING
        line = self.document.text[token.end : self.start]
        return ends and (self.unit is None or self.unit.kind != ELEMENT) and "\n" in line

    def _starts(self) -> Iterator[Item]:
        yield from _bases(0)
        yield from self._macros(whole=True, rank=1)
        yield from (Item(word, KEYWORD, "statement", word, 2) for word in vocabulary()[KEYWORD])

    # --- steps ------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[Item]:
        space = self._space()
        fit = fitting_steps(space) if space else frozenset[str]()
        for name in vocabulary()[STEP]:
            known = entry(name)
            detail = f"{known.takes} → {known.gives}" if known else ""
            yield Item(name, STEP, detail, name, 0 if name in fit else 2)
        yield from self._macros(whole=False, rank=1)
        for name in vocabulary()[FORM]:
            known = entry(name)
            written = _FORMS.get(name, name)
            yield Item(name, FORM, known.signature if known else "", written, 1, "$" in written)

    def _space(self) -> Space | None:
        """The support at the place; None where it is not known."""
        return self._space_before(self.place)

    def _space_before(self, place: int) -> Space | None:
        """The support in front of the element that begins at a token."""
        tokens = self.document.tokens
        before = tokens[place - 1].text if place else ""
        if before == "|>" and place > 1:
            point = self.document.points_by_end.get(tokens[place - 2].end)
            return point.behind if point else None
        if before == "{":
            return self._space_before(name_before(tokens, place - 1))
        return None

    def _macros(self, *, whole: bool, rank: int) -> Iterator[Item]:
        """The macros that are whole flows, or those that are steps."""
        analysis = self.document.analysis
        scope = analysis.scope if analysis and analysis.scope else Scope()
        for name, macro in scope.macros.items():
            if starts_with_base(macro, scope) == whole:
                detail = signature_of(self.document, self.names, name)
                yield Item(name, MACRO, detail, name, rank)

    # --- in brackets ------------------------------------------------------------------------------

    def _in_brackets(self, innermost: Brackets) -> Iterator[Item]:
        if innermost.opening.text == "{":
            if innermost.called == "train":
                return self._settings()
            return self._steps() if self.before in ("{", "|>") else iter(())
        if self.before == "|>":
            return self._steps()
        call = call_around(self.document, self.place)
        if call is None or innermost.opening.text == "[":
            return self._values(None) if self.before in _JOINS else iter(())
        return self._arguments(call) if self.before in _JOINS else iter(())

    def _settings(self) -> Iterator[Item]:
        if self.before == "=":
            limits = ranges().get(self.document.tokens[self.place - 2].text)
            if limits and limits.kind is tuple:
                return (_named(name) for name in self.names if name.kind == EVENT)
            words = limits.choices if limits else ()
            return (Item(f'"{word}"', WORD, "", f'"{word}"') for word in words)
        if self.before in _JOINS - {",", "("}:
            return iter(())
        written = self.document.text[self.brackets[-1].opening.end : self.start]
        return (
            Item(name, SETTING, limits.doc, f"{name} = ")
            for name, limits in ranges().items()
            if f"{name} =" not in written
        )

    def _arguments(self, call: Brackets) -> Iterator[Item]:
        """The arguments of a call that are not written yet, and the values of the next one."""
        known = fields(call.called)
        written = arguments_before(self.document, call, self.place)
        name = written[-1][1]
        if not name:
            name = _field_at(known, len(written) - 1)
        if self.before in ("(", ","):
            yield from self._free(call, [each for _, each in written])
        if call.called == "on":
            yield from (_named(name, 0) for name in self.names if name.kind == EVENT)
        if _takes_event(call.called):
            yield Item("event", KEYWORD, "the declared supports", "event", 0)
        yield from self._values(known.get(name))

    def _free(self, call: Brackets, taken: list[str]) -> Iterator[Item]:
        known = entry(call.called)
        own = [n.text for n in self.names if n.kind == PARAMETER and n.owner == call.called]
        docs = known.arguments if known else ()
        described = [(name, doc) for name, _, doc in docs] or [(name, "") for name in own]
        if call.called == "learn":
            described = [("low", "the lower bound"), ("high", "the upper bound")]
        if call.called == "Onto":
            described = [
                ("edges", "columns whose density does not vanish at an end"),
                ("tails", "columns whose tails are powers"),
            ]
        for name, doc in described:
            if name not in taken:
                yield Item(f"{name}=", ARGUMENT, doc, f"{name}=", 1)

    def _values(self, spec: Spec | None) -> Iterator[Item]:
        if isinstance(spec, ComponentSpec):
            words = univariates() if spec.univariate else vocabulary()[BASE]
            kind = STEP if spec.univariate else BASE
            yield from (Item(word, kind, "", word, 0) for word in words)
            return
        if isinstance(spec, SettingSpec) and spec.choices:
            yield from (Item(f'"{word}"', WORD, "", f'"{word}"', 0) for word in spec.choices)
            return
        for name in self.names:
            if (name.kind in (LET, CONTEXT) and not self._is_own(name)) or self._is_inside(name):
                yield _named(name, 0)
        yield Item("learn", FUNCTION, "found from data", "learn", 0)
        yield from (Item(word, CONSTANT, "", word, 2) for word in vocabulary()[CONSTANT])
        functions = (word for word in vocabulary()[FUNCTION] if word != "learn")
        yield from (Item(word, FUNCTION, "", word, 2) for word in functions)

    def _is_own(self, name: Named) -> bool:
        """True for the name of the statement in which the place is."""
        tokens = self.document.tokens
        return self.unit is not None and name.statement[0] == tokens[self.unit.first].start

    def _is_inside(self, name: Named) -> bool:
        return name.kind in (PARAMETER, COUNTER) and name.holds_at(self.start)

    def _columns(self) -> Iterator[Item]:
        taken = {name.text for name in self.names if name.kind in (EVENT, CONTEXT)}
        for column in columns(self.document.text, self.folder):
            if column not in taken:
                written = column if is_name(column) else f'"{column}"'
                yield Item(written, COLUMN, "column of the table", written, 0)


def _takes_event(name: str) -> bool:
    """True for calls in which `event` can stand: `Onto`, and whole flows over `features`."""
    known = entry(name)
    return name == "Onto" or bool(known and known.signature.startswith(f"{name}(features"))


def _field_at(known: Mapping[str, Spec], number: int) -> str:
    """The field of an argument without a name; the last one may take many."""
    names = list(known)
    if number < len(names):
        return names[number]
    last = known[names[-1]] if names else None
    return names[-1] if isinstance(last, ComponentSpec) and last.many else ""


_FORMS = {
    "repeat": "repeat(${1:4}) { $0 }",
    "inverse": "inverse { $0 }",
    "on": "on(${1:0}) { $0 }",
    "Onto": "Onto(event)",
}


def _named(name: Named, rank: int = 1) -> Item:
    written = name.text if is_name(name.text) else f'"{name.text}"'
    return Item(written, VALUE, name.kind, written, rank)


def _bases(rank: int) -> Iterator[Item]:
    for name in vocabulary()[BASE]:
        known = entry(name)
        yield Item(name, BASE, known.gives if known else "", name, rank)


def _supports() -> Iterator[Item]:
    details: Iterable[tuple[str, str]] = (
        ("(0, 1)", "an open interval"),
        ("[0, 1]", "a closed interval"),
    )
    yield from (Item(word, SUPPORT, "support", word, 0) for word in vocabulary()[SUPPORT])
    yield from (Item(word, SUPPORT, detail, word, 1) for word, detail in details)
