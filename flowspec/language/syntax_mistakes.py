"""Mistakes against the grammar, and which of them a wrong character or token is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.source import Place, Source, Span

# --- the mistakes ---------------------------------------------------------------------------------


@mistake
class FileTooLarge(Diagnostic):
    message = "the text is {size} bytes long; a .flow file may have {limit}"
    help = "write repeated steps with `repeat(n) {{ ... }}`, and keep weights out of the text"
    size: int
    limit: int


@mistake
class UnreadableFile(Diagnostic):
    message = "cannot read {name}: {reason}"
    help = "give the path of a .flow file"
    name: str
    reason: str


@mistake
class NotText(Diagnostic):
    message = "{name} is no text: {reason}"
    help = "a .flow file is plain text in UTF-8"
    name: str
    reason: str


@mistake
class NestedTooDeeply(Diagnostic):
    message = "more than {limit} brackets are open here"
    help = "name parts with `let` and `def` instead of nesting them"
    limit: int


@mistake
class TooManyWords(Diagnostic):
    message = "the text has more than {limit} numbers, names and signs"
    help = "write repeated steps with `repeat(n) {{ ... }}`, and keep weights out of the text"
    limit: int


@mistake
class EmptyFile(Diagnostic):
    message = "there is no flow here"
    help = "write a base and steps, for example `Normal(0, 1) |> Tanh`"


@mistake
class MissingPipeline(Diagnostic):
    message = "the statements are followed by no pipeline"
    help = "end the file with a base and steps, for example `Normal(0, 1) |> Tanh`"


@mistake
class WrongSign(Diagnostic):
    message = "{what}"
    help = "{advice}"
    what: str
    advice: str


@mistake
class MissingPipe(Diagnostic):
    message = "two steps stand side by side"
    label = "a second step starts here"
    help = "write `|>` between them, before `{found}`"
    found: str


@mistake
class LateStatement(Diagnostic):
    message = "`{keyword}` stands behind the pipeline"
    help = "write all statements first; the pipeline ends the file"
    keyword: str


@mistake
class MissingComma(Diagnostic):
    message = "a `,` is missing before `{found}`"
    help = "{advice}"
    found: str
    advice: str


@mistake
class MissingOperator(Diagnostic):
    message = "an operator is missing between `{before}` and `{found}`"
    help = "write `{before} * {found}` for the product"
    before: str
    found: str


@mistake
class MissingValue(Diagnostic):
    message = "a value is missing before `{found}`"
    help = "{advice}"
    found: str
    advice: str = "write a number, a vector `[...]` or a name there, or remove the `{found}`"


@mistake
class Unclosed(Diagnostic):
    message = "`{opening}` is never closed"
    label = "{place}"
    contrast = "opened here"
    help = "write `{closing}` {where_to}"
    opening: str
    closing: str
    place: str
    where_to: str


@mistake
class Unopened(Diagnostic):
    message = "`{closing}` closes nothing"
    help = "remove it, or open it with `{opening}` before"
    closing: str
    opening: str


@mistake
class WrongBracket(Diagnostic):
    message = "`{closing}` does not close the `{opening}` before it"
    contrast = "opened here"
    help = "write `{expected}`"
    closing: str
    opening: str
    expected: str


@mistake
class MissingStep(Diagnostic):
    message = "{what}"
    help = "{advice}"
    what: str
    advice: str


@mistake
class MissingBraces(Diagnostic):
    message = "the steps of `{form}` stand in braces"
    help = "write `{written} {{ {found} }}`"
    form: str
    written: str
    found: str


@mistake
class BadTrain(Diagnostic):
    message = "{what}"
    help = "write `train {{ epochs = 100, learning_rate = 1e-3 }}`"
    what: str


@mistake
class ColonArgument(Diagnostic):
    message = "a named argument is written with `=`, not `{found}`"
    help = "write `{name} = value`"
    found: str
    name: str


@mistake
class UnexpectedWord(Diagnostic):
    message = "{found} cannot stand here, after {before}"
    help = "expected here: {expected}"
    found: str
    before: str
    expected: str


# --- a wrong character ----------------------------------------------------------------------------

_LOOKALIKES = {
    "–": "-", "—": "-", "−": "-", "×": "*", "·": "*", "÷": "/", "π": "pi", "∞": "inf", "“": '"', "”": '"', "„": '"',
    "‘": '"', "’": '"', "，": ",", "（": "(", "）": ")", "：": ":", "…": "...", "√": "sqrt(...)", "²": "** 2",
    "³": "** 3", "▷": "|>", "→": "|>", "⟩": "|>",
}  # fmt: skip

_CHARACTERS = {
    ";": ("`;` ends nothing here", "remove it; statements and steps need no mark at their end"),
    "'": ("strings stand in double quotes", "write \"...\" in place of '...'"),
    "^": ("`^` is not the power", "write `**`"),
    "!": ("`!` means nothing here", "remove it"),
    "@": ("`@` means nothing here", "write linear maps as steps: `Linear([[...], [...]])`"),
    "$": ("`$` means nothing here", "names are written without a sign"),
    "%": ("there is no `%` operator", "remove it"),
    "&": ("`&` means nothing here", "join steps with `|>`"),
    "\\": ("line breaks mean nothing, so no `\\` is needed", "remove it"),
    "`": ("names are written without quotes", "remove the backquote"),
    "~": (
        "`~` means nothing here",
        "write a base such as `Normal(0, 1)` at the start of the pipeline",
    ),
    "?": ("`?` means nothing here", "remove it"),
    "<": ("`<` means nothing here", "steps are joined from base to data, with `|>`"),
    ">": ("`>` means nothing here", "join steps with `|>`"),
    "|": ("`|` is not an operator; steps are joined with `|>`", "write `|>`"),
    ".": (
        "there is nothing behind a `.` here",
        "steps are joined with `|>`; decimals are written `0.5`",
    ),
}


def at_character(source: Source, position: int) -> Diagnostic:
    """The mistake that a character outside the alphabet makes."""
    text, char = source.text, source.text[position]
    for arrow in ("->", "=>", ">>", "||>", "|>>", "<|", "||", ">>>"):
        start = position - (arrow.index(char) if char in arrow else 0)
        if start >= 0 and text.startswith(arrow, start):
            what, advice = f"`{arrow}` does not join steps", "write `|>`"
            return WrongSign(span=Span(source, start, start + len(arrow)), what=what, advice=advice)
    span = Span(source, position, position + 1)
    if char == '"':
        end = (text + "\n").index("\n", position)
        return WrongSign(
            span=Span(source, position, end),
            what="the string has no end",
            advice='close it with `"`',
        )
    if char in _LOOKALIKES:
        what = f"`{char}` looks like `{_LOOKALIKES[char]}`, but is another character"
        return WrongSign(span=span, what=what, advice=f"write `{_LOOKALIKES[char]}`")
    shown = f"`{char}`" if char.isprintable() else f"the control character U+{ord(char):04X}"
    what, advice = _CHARACTERS.get(
        char,
        (f"{shown} means nothing in FlowSpec", "remove it; names are made of A-Z, a-z, 0-9 and _"),
    )
    return WrongSign(span=span, what=what, advice=advice)


# --- a wrong token --------------------------------------------------------------------------------


class Scanned(NamedTuple):
    """A token of the text, found without the parser."""

    text: str
    start: int
    end: int


_SCAN = re.compile(
    r'#[^\n]*|("[^"\n]*"|\|>|\*\*|[A-Za-z_]\w*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[^\s\ufeff])'
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}


def scan(text: str, end: int | None = None) -> Iterator[Scanned]:
    """The tokens of a text up to a position, comments left out."""
    for match in _SCAN.finditer(text, 0, len(text) if end is None else end):
        if match.group(1):
            yield Scanned(match.group(1), match.start(1), match.end(1))


class _Place:
    """Where the parser stood: the token before, the brackets that are open, the name that was called just before."""

    def __init__(self, source: Source, position: int):
        self.source = source
        self.before: Scanned | None = None
        self.open: list[Scanned] = []
        self.called: Scanned | None = None
        callers: list[Scanned | None] = []
        for token in scan(source.text, position):
            if token.text in _CLOSING:
                self.open.append(token)
                callers.append(self.before)
            elif token.text in _OPENING and self.open:
                self.open.pop()
                self.called = callers.pop()
            self.before = token
        if self.before and self.before.text not in _OPENING:
            self.called = self.before
        self.in_train = bool(callers and callers[-1] and callers[-1].text == "train")

    def span(self, token: Scanned) -> Span:
        return Span(self.source, token.start, token.end)


def at_token(source: Source, span: Span, accepted: set[str]) -> Diagnostic:
    """The mistake that a token makes which is none of the accepted ones."""
    found, place = span.text, _Place(source, span.start)
    rules = (
        _arrow,
        _train,
        _closing,
        _ending,
        _piped,
        _side_by_side,
        _colon,
        _equals,
        _number,
        _in_arguments,
        _missing_value,
    )
    for rule in rules:
        if mistake := rule(found, span, place, accepted):
            return mistake
    before = f"`{place.before.text}`" if place.before else "the start"
    shown = f"`{found}`" if found else "the end of the file"
    return UnexpectedWord(
        span=span, found=shown, before=before, expected=expected_words(accepted, place)
    )


def _arrow(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    text = span.source.text
    for arrow in ("->", "=>", "//", "/*"):
        start = span.start - (1 if text[span.start - 1 : span.start + 1] == arrow else 0)
        if text.startswith(arrow, start):
            if "/" in arrow:
                what, advice = f"`{arrow}` starts no comment", "comments start with `#`"
            else:
                what, advice = f"`{arrow}` does not join steps", "write `|>`"
            return WrongSign(span=Span(span.source, start, start + 2), what=what, advice=advice)
    return None


def _train(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    before = place.before.text if place.before else ""
    if before == "train" and accepted == {"LBRACE"}:
        return BadTrain(span=span, what="the settings of `train` stand in braces")
    if place.in_train and accepted == {"EQUAL"}:
        if found == ":":
            return ColonArgument(span=span, found=found, name=before)
        return BadTrain(span=span, what=f"`{before}` needs a value")
    if place.in_train and found and accepted == {"NAME", "RBRACE"}:
        return BadTrain(span=span, what=f"`{found}` is no setting")
    return None


def _closing(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found not in _OPENING:
        return None
    if not place.open:
        return Unopened(span=span, closing=found, opening=_OPENING[found])
    opened = place.open[-1]
    if _CLOSING[opened.text] != found:
        expected = _CLOSING[opened.text]
        return WrongBracket(
            span=span,
            related=(Place(place.span(opened)),),
            closing=found,
            opening=opened.text,
            expected=expected,
        )
    if found == "}" and place.before and place.before.text == "{":
        return MissingStep(
            span=span,
            what="the block is empty",
            advice="write steps between the braces, such as `Tanh`",
        )
    return None


def _ending(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found or not place.open:
        return None
    opened = place.open[-1]
    return Unclosed(
        span=span, related=(Place(place.span(opened)),), opening=opened.text, closing=_CLOSING[opened.text],
        place="the file ends here", where_to="where it should end",
    )  # fmt: skip


def _piped(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    before = place.before.text if place.before else ""
    if found == "|>" and place.open and place.open[-1].text != "{":
        opened = place.open[-1]
        return Unclosed(
            span=span, related=(Place(place.span(opened)),), opening=opened.text, closing=_CLOSING[opened.text],
            place="a step cannot follow inside the brackets", where_to="before the `|>`",
        )  # fmt: skip
    if found == "|>" and before == "|>":
        return MissingStep(
            span=span,
            what="a step is missing between `|>` and `|>`",
            advice="write a step, or one `|>`",
        )
    if found == "|>" and _PIPE not in accepted and "NAME" in accepted:
        what = "the pipeline starts with `|>`" if before != "{" else "the block starts with `|>`"
        return MissingStep(
            span=span,
            what=what,
            advice="a pipeline starts with a base, such as `Normal(0, 1)`, a block with a step",
        )
    if before == "|>" and not found:
        return MissingStep(
            span=span,
            what="the pipeline ends with `|>`",
            advice="write a step after it, such as `Tanh`, or remove it",
        )
    if before == "|>":
        advice = "a step is a name, with arguments if it needs any: `Affine(0, 2)`"
        return MissingStep(span=span, what=f"`{found}` is no step", advice=advice)
    return None


_KEYWORDS = ("let", "def", "context", "event", "train")
_FORMS = ("repeat", "inverse", "on")


def _side_by_side(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if _PIPE not in accepted or not re.fullmatch(r"[A-Za-z_]\w*", found) or place.before is None:
        return None
    if found in _KEYWORDS:
        return LateStatement(span=span, keyword=found)
    if place.called and place.called.text in _FORMS:
        written = span.source.text[place.called.start : place.before.end]
        return MissingBraces(span=span, form=place.called.text, written=written, found=found)
    return MissingPipe(span=span, found=found)


_PIPE = "PIPE"


def _colon(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found != ":" or place.open:
        return None
    advice = "separate the names by `,`: `event x, y: real`"
    return WrongSign(
        span=span, what="`:` stands only between a declared name and its support", advice=advice
    )


def _equals(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if (
        found != "="
        or place.open
        or place.before is None
        or not re.fullmatch(r"[A-Za-z_]\w*", place.before.text)
    ):
        return None
    name = place.before.text
    if "COLON" in accepted:
        return WrongSign(
            span=span, what="a support stands behind `:`, not `=`", advice=f"write `{name}: real`"
        )
    if _PIPE in accepted:
        return WrongSign(
            span=span, what="a name gets its value from `let`", advice=f"write `let {name} = ...`"
        )
    return None


def _number(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    """Numbers that are none of ours (1_000, 1.2.3, 0x10), and a number where an argument list belongs."""
    before = place.before
    if before is None or not found:
        return None
    if (
        before.text[0] in ".0123456789"
        and before.end == span.start
        and re.match(r"[_.\d]|[xX][\da-fA-F]", found)
    ):
        written = Span(span.source, before.start, span.end)
        return WrongSign(
            span=written,
            what=f"`{written.text}` is no number",
            advice="write digits, one `.` and an exponent: `1000`, `0.5`, `1e-3`",
        )
    if "LPAR" in accepted and re.match(r"[\d.\"]", found):
        advice = f"write `{before.text}({found})`"
        return MissingStep(span=span, what="arguments stand in parentheses", advice=advice)
    return None


def _in_arguments(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if not place.open or place.open[-1].text == "{" or not found or place.before is None:
        return None
    before = place.before
    if found == ":" or (found == "=" and before.text == "="):
        sign = ":" if found == ":" else "=="
        name = before.text if found == ":" else _name_before(place)
        return ColonArgument(span=span, found=sign, name=name)
    starts_value = re.match(r'[\w."\[(]', found)
    if starts_value and "COMMA" in accepted and "NAME" not in accepted:
        if before.end == span.start and before.text[0].isdigit():
            return MissingOperator(span=span, before=before.text, found=found)
        return MissingComma(span=span, found=found, advice=f"write `{before.text}, {found}`")
    return None


def _name_before(place: _Place) -> str:
    names = re.findall(
        r"[A-Za-z_]\w*", place.source.text[: place.before.start if place.before else 0]
    )
    return names[-1] if names else "name"


def _missing_value(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if "NUMBER" not in accepted or place.before is None:
        return None
    before = place.before.text
    if found in (",", ")", "]"):
        return MissingValue(
            span=span, found=found, advice="write a number, a vector `[...]` or a name there"
        )
    if found in ("*", "/", "=", "|>"):
        return MissingValue(
            span=span, found=found, advice=f"write a value between `{before}` and `{found}`"
        )
    if not found:
        return MissingStep(
            span=span,
            what=f"the file ends after `{before}`",
            advice="write a value, such as a number",
        )
    return None


_WORDS = {
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "LBRACE": "`{`", "RBRACE": "`}`", "COMMA": "`,`",
    "EQUAL": "`=`", "COLON": "`:`", "$END": "the end of the file", "CONTEXT": "`context`", "EVENT": "`event`",
    "LET": "`let`", "DEF": "`def`", "TRAIN": "`train`",
}  # fmt: skip


def expected_words(accepted: set[str], place: _Place | None = None) -> str:
    """What could stand at a place, in the user's words."""
    rest = set(accepted)
    words = []
    if "NUMBER" in rest:
        words.append("a value (a number, a vector `[...]`, a name)")
        rest -= {"NUMBER", "STRING", "NAME", "LSQB", "LPAR", "PLUS", "MINUS"}
    if {"PLUS", "STAR"} & rest:
        rest -= {"PLUS", "MINUS", "STAR", "SLASH"}
        words.append("an operator")
    if "NAME" in rest:
        words.append(_named(place.before.text if place and place.before else ""))
    if _PIPE in rest:
        words.append("`|>` and a step")
    words += [_WORDS[name] for name in sorted(rest) if name in _WORDS]
    return (
        ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1]
        if words
        else "nothing more"
    )


def _named(before: str) -> str:
    if before in ("let", "def"):
        return "a name"
    if before in ("context", "event"):
        return "the name of a variable"
    return "a support, such as `real`" if before == ":" else "a name, such as `Tanh`"
