"""The language server: a thin shell around the functions of this folder."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from flowspec.editing import outline
from flowspec.editing.actions import actions
from flowspec.editing.completion import completions
from flowspec.editing.document import Document
from flowspec.editing.fitting import fitting_steps
from flowspec.editing.hints import hints
from flowspec.editing.hover import documentation, hover
from flowspec.editing.names import Place, RenameRefused, name_at, renamed
from flowspec.editing.positions import UTF_16
from flowspec.editing.protocol import Say, Writer, markdown, plain, resolved
from flowspec.editing.semantic import LEGEND, MODIFIERS, semantic_tokens
from flowspec.editing.signatures import signature
from flowspec.editing.workspace import Workspace
from flowspec.support.space import Space
from flowspec.support.support import NAMED_INTERVALS, REAL
from flowspec.version import VERSION

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
HANDLERS: list[tuple[str, Any, Callable[..., Any]]] = []
"""(method, options, handler) of everything that the server answers."""


def _answers(method: str, options: Any = None) -> Callable[[_Handler], _Handler]:
    def listed(handler: _Handler) -> _Handler:
        HANDLERS.append((method, options, handler))
        return handler

    return listed


HOVERS = "text_document.hover.content_format"
ITEMS = "text_document.completion.completion_item.documentation_format"
SIGNATURES = "text_document.signature_help.signature_information.documentation_format"


class FlowServer(LanguageServer):
    """A server with the documents that are open."""

    def __init__(self) -> None:
        super().__init__("flowspec", VERSION)
        self.flows = Workspace(self._tell)
        for method, options, handler in HANDLERS:
            self.feature(method, options)(handler)

    def writer(self, uri: str, formats: str = HOVERS) -> Writer | None:
        """The writer of an open document; None if it is not open."""
        document = self.flows.documents.get(uri)
        return None if document is None else Writer(document, uri, self.encoding, self.say(formats))

    @property
    def encoding(self) -> str:
        """The units in which the editor counts columns."""
        encoding = self.workspace.position_encoding
        return str(getattr(encoding, "value", encoding) or UTF_16)

    def say(self, formats: str) -> Say:
        """The way of a text into the editor: as Markdown where it shows that, else plain.

        formats   the path of the capability that names what it shows
        """
        known = get_capability(self.client_capabilities, formats)
        return markdown if known and types.MarkupKind.Markdown in known else plain

    @property
    def fills_snippets(self) -> bool:
        """True if the editor knows completions with places to fill."""
        return bool(
            get_capability(
                self.client_capabilities, "text_document.completion.completion_item.snippet_support"
            )
        )

    def _tell(self, uri: str, document: Document) -> None:
        """Show the mistakes of a text, and its supports anew."""
        writer = Writer(document, uri, self.encoding)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=writer.diagnostics())
        )
        workspace = self.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)


def serve(port: int | None = None) -> None:
    """Answer an editor, over standard input and output or a local port, until it says goodbye."""
    gc.set_threshold(50_000, 20, 100)  # a text of 500 steps is many small objects
    sys.setswitchinterval(0.0005)  # an answer goes before a check that is under way
    logging.getLogger("pygls").setLevel(logging.ERROR)
    server = FlowServer()
    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)


@_answers(types.INITIALIZED)
def _warm(server: FlowServer, params: types.InitializedParams) -> None:
    """Load what the first answers need, while the editor opens its first text."""
    threading.Thread(target=_load, name="warm", daemon=True).start()


def _load() -> None:
    for kind in (REAL, NAMED_INTERVALS["positive"]):
        fitting_steps(Space.of(kind, 2))
    documentation("Tanh")
    gc.freeze()


# --- documents ------------------------------------------------------------------------------------


@_answers(types.TEXT_DOCUMENT_DID_OPEN)
def _open(server: FlowServer, params: types.DidOpenTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.flows.open(uri, params.text_document.text, Path(_path(uri)).name)


@_answers(types.TEXT_DOCUMENT_DID_CHANGE)
def _change(server: FlowServer, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.flows.change(uri, server.workspace.get_text_document(uri).source)


@_answers(types.TEXT_DOCUMENT_DID_CLOSE)
def _close(server: FlowServer, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.flows.close(uri)
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri=uri, diagnostics=[])
    )


@_answers(types.SHUTDOWN)
def _shut(server: FlowServer, *_: Any) -> None:
    server.flows.shut()


def _path(uri: str) -> str:
    return to_fs_path(uri) or uri


# --- what is at a place ---------------------------------------------------------------------------


@_answers(types.TEXT_DOCUMENT_HOVER)
def _hover(server: FlowServer, params: types.HoverParams) -> types.Hover | None:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return None
    found = hover(writer.document, writer.offset(params.position))
    return writer.hover(found) if found else None


@_answers(
    types.TEXT_DOCUMENT_COMPLETION,
    types.CompletionOptions(
        trigger_characters=[">", "(", ",", "{", "=", ":", '"', " "], resolve_provider=True
    ),
)
def _complete(server: FlowServer, params: types.CompletionParams) -> types.CompletionList | None:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return None
    folder = Path(_path(writer.uri)).parent
    found = completions(writer.document, writer.offset(params.position), folder)
    return writer.completions(found, server.fills_snippets)


@_answers(types.COMPLETION_ITEM_RESOLVE)
def _resolve(server: FlowServer, item: types.CompletionItem) -> types.CompletionItem:
    return resolved(item, server.say(ITEMS))


@_answers(
    types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(trigger_characters=["(", ","])
)
def _signature(server: FlowServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    writer = server.writer(params.text_document.uri, SIGNATURES)
    found = writer and signature(writer.document, writer.offset(params.position))
    return writer.signature(found) if writer and found else None


# --- names ----------------------------------------------------------------------------------------


def _places(writer: Writer, position: types.Position) -> list[Place]:
    name = name_at(writer.document, writer.offset(position))
    return name.places if name else []


@_answers(types.TEXT_DOCUMENT_DEFINITION)
def _define(server: FlowServer, params: types.DefinitionParams) -> types.Location | None:
    writer = server.writer(params.text_document.uri)
    places = _places(writer, params.position) if writer else []
    return writer.location(places[0].start, places[0].end) if writer and places else None


@_answers(types.TEXT_DOCUMENT_REFERENCES)
def _refer(server: FlowServer, params: types.ReferenceParams) -> list[types.Location]:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return []
    places = _places(writer, params.position)
    wanted = places if params.context.include_declaration else places[1:]
    return [writer.location(place.start, place.end) for place in wanted]


@_answers(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def _highlight(
    server: FlowServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return []
    places = _places(writer, params.position)
    return [types.DocumentHighlight(writer.range(place.start, place.end)) for place in places]


@_answers(types.TEXT_DOCUMENT_PREPARE_RENAME)
def _prepare(server: FlowServer, params: types.PrepareRenameParams) -> types.Range | None:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return None
    offset = writer.offset(params.position)
    for place in _places(writer, params.position):
        if place.start <= offset <= place.end:
            start, end = place.start + place.quoted, place.end - place.quoted - len(place.tail)
            return writer.range(start, end)
    return None


@_answers(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
def _rename(server: FlowServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return None
    try:
        places = renamed(writer.document, writer.offset(params.position), params.new_name)
    except RenameRefused as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    edits = [types.TextEdit(writer.range(p.start, p.end), text) for p, text in places or ()]
    return types.WorkspaceEdit(changes={writer.uri: edits}) if edits else None


# --- the whole text -------------------------------------------------------------------------------


@_answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def _symbols(server: FlowServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    writer = server.writer(params.text_document.uri)
    return writer.symbols(outline.symbols(writer.document)) if writer else []


@_answers(types.TEXT_DOCUMENT_FOLDING_RANGE)
def _fold(server: FlowServer, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    writer = server.writer(params.text_document.uri)
    return [writer.fold(fold) for fold in outline.folds(writer.document)] if writer else []


@_answers(
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
    types.SemanticTokensLegend(token_types=LEGEND, token_modifiers=MODIFIERS),
)
def _color(server: FlowServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    writer = server.writer(params.text_document.uri)
    return types.SemanticTokens(
        data=semantic_tokens(writer.document, writer.positions) if writer else []
    )


@_answers(types.TEXT_DOCUMENT_INLAY_HINT)
def _hint(server: FlowServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return []
    start, end = writer.offset(params.range.start), writer.offset(params.range.end)
    return [writer.hint(hint) for hint in hints(writer.document, start, end)]


@_answers(types.TEXT_DOCUMENT_FORMATTING)
def _format(
    server: FlowServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return None
    text, new = writer.document.text, writer.document.formatted
    if new is None:
        return None  # the mistake is shown where it is
    return [] if new == text else [types.TextEdit(writer.range(0, len(text)), new)]


@_answers(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
)
def _act(server: FlowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    writer = server.writer(params.text_document.uri)
    if writer is None:
        return []
    start, end = writer.offset(params.range.start), writer.offset(params.range.end)
    return [writer.action(action) for action in actions(writer.document, start, end)]
