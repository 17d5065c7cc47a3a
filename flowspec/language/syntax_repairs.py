"""Repairs of mistakes against the grammar whose edits depend on what stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.repairs import Edit, Fix, inserted, lines_removed, removed
from flowspec.diagnostics.source import Span
from flowspec.ir import registry
from flowspec.language import syntax_mistakes as mistakes
from flowspec.language.forms import forms
from flowspec.language.lexer import CLOSING, NAME, NUMBER, OPENING, STRING, Token, keywords, scan
from flowspec.language.macros import Macros
from flowspec.language.stack import Misfit, read

Edits = tuple[Edit, ...]


def repaired(mistake: Diagnostic) -> Diagnostic:
    """The mistake with its repair, if that depends on the text around it."""
    make = _REPAIRS.get(type(mistake))
    if make is None or mistake.span is None:
        return mistake
    edits = make(mistake, mistake.span)
    return mistake.replaced(repairs=(Fix(mistake.help, edits),) if edits else ())


# --- characters ---------------------------------------------------------------------------------

_QUOTES = "\"'“”„‘’"


def _quotes(mistake: Diagnostic, span: Span) -> Edits:
    """Double quotes at both ends of a word; the character that is meant for any other."""
    if span.text not in _QUOTES:
        meant = getattr(mistake, "meant", "")
        plain = "..." not in meant
        return (Edit(span, f" {meant}" if meant[:2] == "**" else meant),) if plain else ()
    other = _on_line(span, f"[{_QUOTES}]")
    return (Edit(span, '"'), *((Edit(other, '"'),) if other else ()))


def _backquotes(mistake: Diagnostic, span: Span) -> Edits:
    other = _on_line(span, "`")
    return (*removed(span), *(removed(other) if other else ()))


def _on_line(span: Span, pattern: str) -> Span | None:
    """The next match behind a span, in its line."""
    end = (span.source.text + "\n").index("\n", span.end)
    match = re.compile(pattern).search(span.source.text, span.end, end)
    return Span(span.source, match.start(), match.end()) if match else None


def _closing_quote(mistake: Diagnostic, span: Span) -> Edits:
    """A quote before the bracket or the comma that ends the word, or at the end of the line."""
    match = re.search(r"\s*([,)\]}:=]|$)", span.text)
    return inserted(span.source, span.start + (match.start() if match else 0), '"')


def _meaningless(mistake: Diagnostic, span: Span) -> Edits:
    if span.text in "&>":
        return (Edit(span, "|>"),)
    return removed(span) if span.text in "!?$" else ()


def _semicolon(mistake: Diagnostic, span: Span) -> Edits:
    behind = span.source.text[span.end : span.end + 1]
    return (Edit(span, "" if not behind.strip() else " "),)


def _percent(mistake: Diagnostic, span: Span) -> Edits:
    behind = _next(span, span.end)
    return () if behind and _starts_value(behind) else removed(span)


def _dot(mistake: Diagnostic, span: Span) -> Edits:
    behind = _next(span, span.end)
    return (Edit(span, " |> "),) if behind and behind.kind == NAME else ()


def _unknown_character(mistake: Diagnostic, span: Span) -> Edits:
    """A letter may be a part of a name, which would be another one without it."""
    return () if span.text.isalnum() else removed(span)


def _number(mistake: Diagnostic, span: Span) -> Edits:
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", span.text):
        return (Edit(span, str(int(span.text, 16))),)
    plain = span.text.replace("_", "")
    return (Edit(span, plain),) if re.fullmatch(r"\d+(\.\d*)?", plain) else ()


def _bar(mistake: Diagnostic, span: Span) -> Edits:
    """An arrow in the place of a bar, and of a sign that a space keeps from it."""
    match = re.compile(r"\|\s*>?").match(span.source.text, span.start)
    end = match.end() if match and match[0].endswith(">") else span.end
    return (Edit(_span(span, span.start, end), "|>"),)


# --- tokens -------------------------------------------------------------------------------------


def _let(mistake: Diagnostic, span: Span) -> Edits:
    """`let` before a name behind other statements, or in the place of a word that is nearly it."""
    *before, name = scan(span.source.text, span.start)
    if before and suggest(before[-1].text, ["let"]):
        return (Edit(_span(span, before[-1].start, before[-1].end), "let"),)
    return inserted(span.source, name.start, "let ") if _are_statements(before) else ()


def _trailing_pipe(mistake: Diagnostic, span: Span) -> Edits:
    pipe = _before(span)
    return removed(Span(span.source, pipe.start, pipe.end)) if pipe else ()


def _pipe(mistake: Diagnostic, span: Span) -> Edits:
    """An arrow before a step; another word says that something else is wrong."""
    defined = rf"\bdef\s+{span.text}\b"
    steps = (registry.named_transforms(), forms(), Macros())
    is_step = any(span.text in names for names in steps) or re.search(defined, span.source.text)
    return inserted(span.source, span.start, "|> ") if is_step else ()


def _parentheses(mistake: Diagnostic, span: Span) -> Edits:
    name = _before(span)
    start = name.end if name else span.start
    return (Edit(_span(span, start, span.end), f"({span.text})"),)


def _comma(mistake: Diagnostic, span: Span) -> Edits:
    return _behind_token(span, ",")


def _unclosed(mistake: Diagnostic, span: Span) -> Edits:
    return _behind_token(span, getattr(mistake, "closing", ""))


def _behind_token(span: Span, text: str) -> Edits:
    token = _before(span)
    return inserted(span.source, token.end, text) if token else ()


def _bracket(mistake: Diagnostic, span: Span) -> Edits:
    """The bracket that is due, before one that closes an outer bracket, or in its place."""
    expected, opened = getattr(mistake, "expected", ""), list[str]()
    for token in scan(span.source.text, span.start):
        if token.text in CLOSING:
            opened.append(token.text)
        elif token.text in OPENING and opened:
            opened.pop()
    closes_outer = OPENING[span.text] in opened[:-1] and not _closed_later(span)
    return _behind_token(span, expected) if closes_outer else (Edit(span, expected),)


def _closed_later(span: Span) -> bool:
    """True if the text behind closes a bracket of that kind which it does not open."""
    depth = 0
    for token in scan(span.source.text, start=span.end):
        depth += (token.text == OPENING[span.text]) - (token.text == span.text)
        if depth < 0:
            return True
    return False


def _colon(mistake: Diagnostic, span: Span) -> Edits:
    return removed(span) if span.text == "=" else (Edit(span, "="),)


def _expected_sign(mistake: Diagnostic, span: Span) -> Edits:
    """The one sign that can stand there, before a word that can follow it."""
    token = _next(span, span.start)
    follows = token is not None and token.kind in (NAME, NUMBER)
    sign = getattr(mistake, "expected", "").strip("`")
    before = _before(span)
    one_line = before and "\n" not in span.source.text[before.end : span.start]
    insert = follows and one_line and sign == "="
    return inserted(span.source, span.start, "= ") if insert else ()


def _setting(mistake: Diagnostic, span: Span) -> Edits:
    token = _next(span, span.start)
    return inserted(span.source, span.start, "= ") if token and _starts_value(token) else ()


def _braces(mistake: Diagnostic, span: Span) -> Edits:
    """Braces around a step; the closing one may be there."""
    depth = 0
    for token in scan(span.source.text, start=span.start):
        depth += (token.text == "{") - (token.text == "}")
    opening = inserted(span.source, span.start, "{ ")
    return opening if depth < 0 else (*opening, *inserted(span.source, _call_end(span), " }"))


def _call_end(span: Span) -> int:
    """The end of a name and the brackets that follow it."""
    end, depth = span.end, 0
    for token in scan(span.source.text, start=span.end):
        if not depth and token.text not in ("(", "["):
            break
        depth += (token.text in CLOSING) - (token.text in OPENING)
        end = token.end
    return end


def _train(mistake: Diagnostic, span: Span) -> Edits:
    """Braces around the settings, as far as each is a name, `=` and a word or brackets."""
    end, tokens = span.start, list(scan(span.source.text, start=span.start))
    while len(tokens) > 2 and tokens[0].kind == NAME and tokens[1].text == "=":
        count = 3 + (tokens[2].text == "-")
        depth = 0
        for number, token in enumerate(tokens[count - 1 :], count):
            depth += (token.text in CLOSING) - (token.text in OPENING)
            if depth == 0:
                count = number
                break
        end = tokens[count - 1].end
        tokens = tokens[count + (tokens[count : count + 1] != [] and tokens[count].text == ",") :]
    braces = (*inserted(span.source, span.start, "{ "), *inserted(span.source, end, " }"))
    return braces if end > span.start else ()


def _statement(mistake: Diagnostic, span: Span) -> Edits:
    """The statement before the pipeline, where both can be told apart."""
    text = span.source.text
    end = next(_keywords(span, span.end), len(text.rstrip()))
    start = _pipeline_start(span)
    if start is None:
        return ()
    statement = text[span.start : end].strip()
    moved = f"{text[:start]}{statement}\n{text[start : span.start]}{text[end:]}"
    if not _is_file(moved[: start + len(statement) + 1 + span.start - start]):
        return ()
    moved_from = _span(span, span.start, span.start + len(statement))
    return (*inserted(span.source, start, f"{statement}\n"), *lines_removed(moved_from))


def _pipeline_start(span: Span) -> int | None:
    """The place where the pipeline starts that a statement stands behind."""
    for token in scan(span.source.text, span.start):
        if token.kind == NAME and token.text not in keywords():
            before = scan(span.source.text, token.start)
            if _is_file_of(before) and _is_pipeline(span.source.text[token.start : span.start]):
                return token.start
    return None


def _is_pipeline(text: str) -> bool:
    first = next(scan(text), None)
    return first is not None and first.text not in keywords() and _is_file(text)


def _is_file(text: str) -> bool:
    return _is_file_of(scan(text))


def _is_file_of(tokens: Iterable[Token]) -> bool:
    try:
        read(tokens, lambda rule, children: None)
    except Misfit:
        return False
    return True


def _are_statements(tokens: Iterable[Token]) -> bool:
    """True for statements without a pipeline behind them."""
    try:
        rules = read(tokens, lambda rule, children: children if rule == "start" else rule)
    except Misfit:
        return False
    return "pipeline" not in rules


def _keywords(span: Span, start: int) -> Iterator[int]:
    for token in scan(span.source.text, start=start):
        if token.text in keywords():
            yield token.start


def _span(span: Span, start: int, end: int) -> Span:
    return Span(span.source, start, end)


def _before(span: Span) -> Token | None:
    token = None
    for token in scan(span.source.text, span.start):  # noqa: B007 -- the last one
        pass
    return token


def _next(span: Span, start: int) -> Token | None:
    return next(scan(span.source.text, start=start), None)


def _starts_value(token: Token) -> bool:
    return token.kind in (NAME, NUMBER, STRING) or token.text in ("(", "[", "-")


_REPAIRS: dict[type[Diagnostic], Callable[[Diagnostic, Span], Edits]] = {
    mistakes.Lookalike: _quotes,
    mistakes.SingleQuote: _quotes,
    mistakes.SingleBar: _bar,
    mistakes.WrongBracket: _bracket,
    mistakes.Backquote: _backquotes,
    mistakes.UnclosedString: _closing_quote,
    mistakes.MeaninglessSign: _meaningless,
    mistakes.Semicolon: _semicolon,
    mistakes.PercentSign: _percent,
    mistakes.LoneDot: _dot,
    mistakes.UnknownCharacter: _unknown_character,
    mistakes.BadNumber: _number,
    mistakes.MissingLet: _let,
    mistakes.TrailingPipe: _trailing_pipe,
    mistakes.TrailingPipe: _trailing_pipe,
    mistakes.MissingPipe: _pipe,
    mistakes.MissingParentheses: _parentheses,
    mistakes.MissingComma: _comma,
    mistakes.Unclosed: _unclosed,
    mistakes.ColonArgument: _colon,
    mistakes.UnexpectedWord: _expected_sign,
    mistakes.SettingWithoutValue: _setting,
    mistakes.MissingBraces: _braces,
    mistakes.TrainWithoutBraces: _train,
    mistakes.LateStatement: _statement,
}
