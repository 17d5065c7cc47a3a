"""Answers in the types of the Language Server Protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lsprotocol import types

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.source import Span
from flowspec.editing import completion, outline, vocabulary
from flowspec.editing.actions import Action
from flowspec.editing.document import Document
from flowspec.editing.hints import Hint
from flowspec.editing.hover import Hover, documentation
from flowspec.editing.names import CONTEXT, DEF, EVENT, LET
from flowspec.editing.positions import UTF_16, Positions
from flowspec.editing.signatures import Signature

SOURCE = "flowspec"

Say = Callable[[str], types.MarkupContent | str]
"""Markdown, as an editor shows it."""

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_ITEMS = {
    vocabulary.BASE: types.CompletionItemKind.Class,
    vocabulary.STEP: types.CompletionItemKind.Function,
    vocabulary.MACRO: types.CompletionItemKind.Module,
    vocabulary.FORM: types.CompletionItemKind.Snippet,
    vocabulary.KEYWORD: types.CompletionItemKind.Keyword,
    vocabulary.CONSTANT: types.CompletionItemKind.Constant,
    vocabulary.FUNCTION: types.CompletionItemKind.Function,
    vocabulary.SUPPORT: types.CompletionItemKind.TypeParameter,
    vocabulary.SETTING: types.CompletionItemKind.Property,
    completion.ARGUMENT: types.CompletionItemKind.Field,
    completion.VALUE: types.CompletionItemKind.Variable,
    completion.COLUMN: types.CompletionItemKind.Field,
    completion.WORD: types.CompletionItemKind.EnumMember,
}
_SYMBOLS = {
    LET: types.SymbolKind.Constant,
    DEF: types.SymbolKind.Function,
    EVENT: types.SymbolKind.Variable,
    CONTEXT: types.SymbolKind.Variable,
    "train": types.SymbolKind.Object,
    "flow": types.SymbolKind.Module,
    "element": types.SymbolKind.Method,
}


class Writer:
    """What is known of a document, as the protocol says it."""

    def __init__(
        self, document: Document, uri: str, encoding: str = UTF_16, say: Say | None = None
    ) -> None:
        self.document, self.uri, self.say = document, uri, say or markdown
        self.positions = Positions(document.text, encoding)

    def offset(self, position: types.Position) -> int:
        return self.positions.offset(position.line, position.character)

    def range(self, start: int, end: int) -> types.Range:
        return types.Range(self.position(start), self.position(end))

    def position(self, offset: int) -> types.Position:
        return types.Position(*self.positions.position(offset))

    def location(self, start: int, end: int) -> types.Location:
        return types.Location(self.uri, self.range(start, end))

    # --- mistakes ---------------------------------------------------------------------------------

    def diagnostics(self) -> list[types.Diagnostic]:
        """The mistakes that were found in the text."""
        analysis = self.document.analysis
        return [self.diagnostic(mistake) for mistake in (analysis.mistakes if analysis else ())]

    def diagnostic(self, mistake: Diagnostic) -> types.Diagnostic:
        message = mistake.as_message()
        more = [("note", message.note), ("help", message.help)]
        lines = [message.text, *(f"{word}: {text}" for word, text in more if text)]
        span = mistake.span if mistake.span and self._is_own(mistake.span) else None
        related = [
            types.DiagnosticRelatedInformation(
                self.location(each.span.start, each.span.end), each.words or "see here"
            )
            for each in message.related
            if self._is_own(each.span)
        ]
        return types.Diagnostic(
            range=self._shown(span),
            message="\n".join(lines),
            severity=_SEVERITIES[mistake.level],
            code=mistake.code,
            source=SOURCE,
            related_information=related or None,
        )

    def _is_own(self, span: Span) -> bool:
        analysis = self.document.analysis
        return analysis is not None and span.source is analysis.source

    def _shown(self, span: Span | None) -> types.Range:
        """A range with at least one character in it, where the text has one."""
        if span is None:
            return self.range(0, 0)
        end = max(span.end, min(span.start + 1, len(self.document.text)))
        return self.range(span.start, end)

    def action(self, action: Action) -> types.CodeAction:
        edits = [
            types.TextEdit(self.range(change.start, change.end), change.text)
            for change in action.changes
        ]
        return types.CodeAction(
            title=action.title[:1].upper() + action.title[1:],
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(action.mistake)] if self.document.is_current else None,
            is_preferred=action.preferred,
            edit=types.WorkspaceEdit(changes={self.uri: edits}),
        )

    # --- help -------------------------------------------------------------------------------------

    def hover(self, hover: Hover) -> types.Hover:
        return types.Hover(self.say(hover.markdown), self.range(hover.start, hover.end))

    def completions(
        self, found: completion.Completions, snippets: bool = True
    ) -> types.CompletionList:
        """`snippets`: the editor knows places to fill."""
        place = self.range(found.start, found.end)
        items = [_item(item, place, snippets) for item in found.items]
        return types.CompletionList(is_incomplete=False, items=items)

    def signature(self, signature: Signature) -> types.SignatureHelp:
        parameters = [
            types.ParameterInformation(label, self.say(doc) if doc else None)
            for label, doc in signature.parameters
        ]
        information = types.SignatureInformation(
            signature.text, self.say(signature.doc) if signature.doc else None, parameters
        )
        return types.SignatureHelp([information], 0, signature.active)

    def hint(self, hint: Hint) -> types.InlayHint:
        return types.InlayHint(
            position=self.position(hint.offset),
            label=hint.text,
            kind=types.InlayHintKind.Type,
            tooltip=hint.whole or None,
            padding_left=True,
        )

    def symbols(self, symbols: Iterable[outline.Symbol]) -> list[types.DocumentSymbol]:
        return [
            types.DocumentSymbol(
                name=symbol.name or "?",
                kind=_SYMBOLS[symbol.kind],
                range=self.range(symbol.start, symbol.end),
                selection_range=self.range(symbol.name_start, symbol.name_end),
                detail=symbol.detail or None,
                children=self.symbols(symbol.children),
            )
            for symbol in symbols
        ]

    def fold(self, fold: outline.Fold) -> types.FoldingRange:
        kinds = {
            "comment": types.FoldingRangeKind.Comment,
            "region": types.FoldingRangeKind.Region,
        }
        start, end = self.position(fold.start), self.position(fold.end)
        return types.FoldingRange(start.line, end.line, kind=kinds[fold.kind])


def markdown(text: str) -> types.MarkupContent:
    """Markdown, for editors that show it."""
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def plain(text: str) -> str:
    """Markdown without its signs, for editors that do not."""
    return re.sub(r"^```.*\n?|\*\*", "", text, flags=re.MULTILINE)


def _item(item: completion.Item, place: types.Range, snippets: bool) -> types.CompletionItem:
    formats = types.InsertTextFormat
    filled = item.snippet and snippets
    return types.CompletionItem(
        label=item.label,
        kind=_ITEMS[item.kind],
        detail=item.detail or None,
        sort_text=f"{item.rank}{item.label.lower()}",
        filter_text=item.label,
        insert_text_format=formats.Snippet if filled else formats.PlainText,
        text_edit=types.TextEdit(place, item.label if item.snippet and not filled else item.insert),
    )


def resolved(item: types.CompletionItem, say: Say = markdown) -> types.CompletionItem:
    """A completion with its documentation."""
    text = documentation(item.label.rstrip("="))
    if text:
        item.documentation = say(text)
    return item
