"""A wrong character or a wrong token, and the mistake against the grammar that it is."""

from __future__ import annotations

import re

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.source import Place, Source, Span
from flowspec.ir import registry
from flowspec.language import syntax_mistakes as mistakes
from flowspec.language.forms import block_forms
from flowspec.language.lexer import (
    CLOSING,
    NAME,
    NUMBER,
    OPENING,
    STRING,
    Token,
    fixed_texts,
    is_name,
    keywords,
    names,
    scan,
)

# --- a wrong character -------------------------------------------------------------------------

_LOOKALIKES = {
    "–": "-", "—": "-", "−": "-", "×": "*", "·": "*", "÷": "/", "π": "pi", "∞": "inf", "“": '"',
    "”": '"', "„": '"', "‘": '"', "’": '"', "，": ",", "（": "(", "）": ")", "：": ":",
    "…": "...", "√": "sqrt(...)", "²": "** 2", "³": "** 3", "▷": "|>", "→": "|>", "⟩": "|>",
}  # fmt: skip

_CHARACTERS: dict[str, type[Diagnostic]] = {
    ";": mistakes.Semicolon,
    "'": mistakes.SingleQuote,
    "^": mistakes.Caret,
    "%": mistakes.PercentSign,
    "\\": mistakes.Backslash,
    "`": mistakes.Backquote,
    "|": mistakes.SingleBar,
    ".": mistakes.LoneDot,
}
"""Characters with a message of their own."""

_MEANINGLESS = {
    "!": "remove it",
    "?": "remove it",
    "@": "write linear maps as steps: `Linear([[...], [...]])`",
    "$": "names are written without a sign",
    "&": "join steps with `|>`",
    "~": "write a base such as `Normal(0, 1)` at the start of the pipeline",
    "<": "steps are joined from base to data, with `|>`",
    ">": "join steps with `|>`",
}
"""Signs of other languages, and what to write instead."""

_ARROWS = ("->", "=>", ">>", "||>", "|>>", "<|", "||", ">>>")
_DIGITS = ".0123456789"


def at_character(source: Source, position: int) -> Diagnostic:
    """The mistake that a character outside the alphabet makes."""
    text, character = source.text, source.text[position]
    for arrow in _ARROWS:
        start = position - (arrow.index(character) if character in arrow else 0)
        if start >= 0 and text.startswith(arrow, start):
            return mistakes.WrongArrow(span=Span(source, start, start + len(arrow)), arrow=arrow)
    if character == '"':
        end = (text + "\n").index("\n", position)
        return mistakes.UnclosedString(span=Span(source, position, end))
    span = Span(source, position, position + 1)
    if character in _LOOKALIKES:
        return mistakes.Lookalike(span=span, found=character, meant=_LOOKALIKES[character])
    if character in _CHARACTERS:
        return _CHARACTERS[character](span=span)
    if character in _MEANINGLESS:
        return mistakes.MeaninglessSign(span=span, found=character, advice=_MEANINGLESS[character])
    printable = character.isprintable()
    shown = f"`{character}`" if printable else f"the control character U+{ord(character):04X}"
    return mistakes.UnknownCharacter(span=span, found=shown)


# --- a wrong token -----------------------------------------------------------------------------


class _Place:
    """The place where the parser stood.

    before    the token before
    open      the brackets that are open
    called    the name that was called just before
    in_train  True inside the braces of `train`
    """

    def __init__(self, source: Source, position: int) -> None:
        self.source = source
        self.before: Token | None = None
        self.open: list[Token] = []
        self.called: Token | None = None
        callers: list[Token | None] = []
        for token in scan(source.text, position):
            if token.text in CLOSING:
                self.open.append(token)
                callers.append(self.before)
            elif token.text in OPENING and self.open:
                self.open.pop()
                self.called = callers.pop()
            self.before = token
        if self.before and self.before.text not in OPENING:
            self.called = self.before
        self.in_train = bool(callers and callers[-1] and callers[-1].text == "train")

    def span(self, token: Token) -> Span:
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
    expected = expected_words(accepted, place)
    return mistakes.UnexpectedWord(span=span, found=shown, before=before, expected=expected)


def _arrow(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    text = span.source.text
    for arrow in ("->", "=>", "//", "/*"):
        start = span.start - (1 if text[span.start - 1 : span.start + 1] == arrow else 0)
        if text.startswith(arrow, start):
            written = Span(span.source, start, start + 2)
            if "/" in arrow:
                return mistakes.WrongComment(span=written, opening=arrow)
            return mistakes.WrongArrow(span=written, arrow=arrow)
    return None


def _train(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    before = place.before.text if place.before else ""
    if before == "train" and accepted == {"LBRACE"}:
        return mistakes.TrainWithoutBraces(span=span)
    if place.in_train and accepted == {"EQUAL"}:
        if found == ":":
            return mistakes.ColonArgument(span=span, found=found, name=before)
        return mistakes.SettingWithoutValue(span=span, name=before)
    if place.in_train and found and accepted == {"NAME", "RBRACE"}:
        return mistakes.NoSetting(span=span, found=found)
    return None


def _closing(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found not in OPENING:
        return None
    if not place.open:
        return mistakes.Unopened(span=span, closing=found, opening=OPENING[found])
    opened = place.open[-1]
    if CLOSING[opened.text] != found:
        return mistakes.WrongBracket(
            span=span, related=(Place(place.span(opened)),), closing=found, opening=opened.text,
            expected=CLOSING[opened.text],
        )  # fmt: skip
    return None


def _ending(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found or not place.open:
        return None
    return _unclosed(span, place, "the file ends here", "where it should end")


def _unclosed(span: Span, place: _Place, words: str, where_to: str) -> Diagnostic:
    opened = place.open[-1]
    return mistakes.Unclosed(
        span=span, related=(Place(place.span(opened)),), opening=opened.text,
        closing=CLOSING[opened.text], place=words, where_to=where_to,
    )  # fmt: skip


def _piped(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    before = place.before.text if place.before else ""
    if found == "|>" and place.open and place.open[-1].text != "{":
        words = "a step cannot follow inside the brackets"
        return _unclosed(span, place, words, "before the `|>`")
    if found == "|>" and before == "|>":
        return mistakes.DoublePipe(span=span)
    if found == "|>" and _PIPE not in accepted and "NAME" in accepted:
        return mistakes.LeadingPipe(span=span, place="block" if before == "{" else "pipeline")
    if before == "|>" and not found:
        return mistakes.TrailingPipe(span=span)
    if before == "|>":
        return mistakes.NoStep(span=span, found=found)
    return None


_PIPE = "PIPE"


def _side_by_side(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if _PIPE not in accepted or not is_name(found) or place.before is None:
        return None
    if found in keywords():
        return mistakes.LateStatement(span=span, keyword=found)
    if mistake := _misspelt_statement(place):
        return mistake
    if place.called and place.called.text in block_forms():
        written = span.source.text[place.called.start : place.before.end]
        return mistakes.MissingBraces(
            span=span, form=place.called.text, written=written, found=found
        )
    return mistakes.MissingPipe(span=span, found=found)


def _misspelt_statement(place: _Place) -> Diagnostic | None:
    """The mistake if a line begins with a word that is nearly a keyword, and no base or step."""
    word, text = place.before, place.source.text
    if word is None or word.kind != NAME or _is_component(word.text):
        return None
    begins = not text[text.rfind("\n", 0, word.start) + 1 : word.start].strip()
    near = suggest(word.text, keywords())
    if not near or not begins:
        return None
    return mistakes.UnknownStatement(span=place.span(word), name=word.text, suggestion=near)


def _is_component(name: str) -> bool:
    return name in registry.named_bases() or name in registry.named_transforms()


def _colon(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found == ":" and not place.open:
        return mistakes.StrayColon(span=span)
    if found == "," and len(place.open) == 1 and place.open[0].text == "[":
        bracket = place.span(place.open[0])
        if declared := _DECLARED.search(span.source.text, 0, bracket.start):
            return mistakes.IntervalWithoutColon(span=bracket, name=declared[1])
    return None


_DECLARED = re.compile(r'(?:\b(?:event|context)|,)\s*([A-Za-z_]\w*|"[^"\n]*")\s*\Z')
"""A name at the end of a text that an `event` or a `context` declares."""


def _equals(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if found != "=" or place.open or place.before is None or not is_name(place.before.text):
        return None
    name = place.before.text
    if "COLON" in accepted:
        return mistakes.EqualsForColon(span=span, name=name)
    return mistakes.MissingLet(span=span, name=name) if _PIPE in accepted else None


def _number(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    """Numbers of other languages (1_000, 1.2.3, 0x10), or one in place of an argument list."""
    before = place.before
    if before is None or not found:
        return None
    joined = before.text[0] in _DIGITS and before.end == span.start
    if joined and re.match(r"[_.\d]|[xX][\da-fA-F]", found):
        written = Span(span.source, before.start, span.end)
        return mistakes.BadNumber(span=written, found=written.text)
    if "LPAR" in accepted and is_name(before.text) and found[0] in _DIGITS + '"':
        return mistakes.MissingParentheses(span=span, name=before.text, found=found)
    return None


def _in_arguments(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if not place.open or place.open[-1].text == "{" or not found or place.before is None:
        return None
    before = place.before
    if found == ":":
        return mistakes.ColonArgument(span=span, found=":", name=before.text)
    if found == "=" and before.text == "=":
        return mistakes.ColonArgument(span=span, found="==", name=_name_before(place))
    if _starts_value(found) and "COMMA" in accepted and "NAME" not in accepted:
        if before.end == span.start and before.text[0].isdigit():
            return mistakes.MissingOperator(span=span, before=before.text, found=found)
        advice = f"write `{before.text}, {found}`"
        return mistakes.MissingComma(span=span, found=found, advice=advice)
    return None


def _starts_value(found: str) -> bool:
    first = next(scan(found), None)
    return first is not None and (first.kind in (NUMBER, STRING, NAME) or found in "[(")


def _name_before(place: _Place) -> str:
    before = names(place.source.text[: place.before.start if place.before else 0])
    return before[-1] if before else "name"


def _missing_value(found: str, span: Span, place: _Place, accepted: set[str]) -> Diagnostic | None:
    if "NUMBER" not in accepted or place.before is None:
        return None
    before = place.before.text
    if found in (",", ")", "]"):
        advice = "write a number, a vector `[...]` or a name there"
        return mistakes.MissingValue(span=span, found=found, advice=advice)
    if found in ("*", "/", "=", "|>"):
        advice = f"write a value between `{before}` and `{found}`"
        return mistakes.MissingValue(span=span, found=found, advice=advice)
    return None if found else mistakes.UnfinishedValue(span=span, before=before)


_OPERATORS = ("+", "-", "*", "/", "**", "|>")

# --- what could stand there --------------------------------------------------------------------


def expected_words(accepted: set[str], place: _Place | None = None) -> str:
    """Everything that could stand at a place, in the user's words."""
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
    words += [text for name in sorted(rest) if (text := _terminal_in_words(name))]
    if not words:
        return "nothing more"
    return ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1]


def _terminal_in_words(name: str) -> str:
    """A bracket, a mark or a keyword as it is written; "" for what is said in other words."""
    if name == "$END":
        return "the end of the file"
    text = fixed_texts().get(name, "")
    return f"`{text}`" if text and text not in _OPERATORS else ""


def _named(before: str) -> str:
    if before in ("let", "def"):
        return "a name"
    if before in ("context", "event"):
        return "the name of a variable"
    return "a support, such as `real`" if before == ":" else "a name, such as `Tanh`"
