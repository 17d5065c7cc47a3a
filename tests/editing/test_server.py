"""The server, as an editor meets it: over standard input and output, in its protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import subprocess
import sys
from itertools import count

import pytest

pytest.importorskip("pygls")
pytest_lsp = pytest.importorskip("pytest_lsp")

from lsprotocol import types
from pygls.exceptions import JsonRpcException

import flowspec
from commands import refused

COMMAND = [sys.executable, "-c", "from flowspec.cli.main import main; main()", "lsp", "--stdio"]
TEXT = """event a: positive
let s = 2
Normal(0,s) |> Exp |> Tnah
"""
_numbers = count()


@pytest_lsp.fixture(
    scope="module",
    params=["visual-studio-code", "emacs", "neovim"],
    config=pytest_lsp.ClientServerConfig(server_command=COMMAND),
)
async def client(request, lsp_client: pytest_lsp.LanguageClient):
    """An editor. An answer that it cannot take fails the test."""
    capabilities = pytest_lsp.client_capabilities(request.param)
    lsp_client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)(lambda *_: None)
    found = await lsp_client.initialize_session(types.InitializeParams(capabilities=capabilities))
    lsp_client.offered = found.capabilities
    yield
    await lsp_client.shutdown_session()


class Opened:
    """A text that is open in the editor."""

    def __init__(self, client, text: str) -> None:
        self.client, self.text, self.version = client, text, 1
        self.uri = f"file:///somewhere/flow{next(_numbers)}.flow"
        self.document = types.TextDocumentIdentifier(self.uri)

    async def checked(self) -> list[types.Diagnostic]:
        """The mistakes that the server shows next."""
        while True:
            said = await self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if said.uri == self.uri:
                return list(said.diagnostics)

    async def open(self) -> list[types.Diagnostic]:
        checked = asyncio.ensure_future(self.checked())
        await asyncio.sleep(0)
        item = types.TextDocumentItem(self.uri, "flow", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await checked

    def change(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def at(self, word: str) -> types.Position:
        """The place behind the first letter of a word."""
        before = self.text[: self.text.index(word) + 1].split("\n")
        return types.Position(len(before) - 1, len(before[-1]))

    def written(self, range_: types.Range) -> str:
        lines = self.text.split("\n")
        assert range_.start.line == range_.end.line
        return lines[range_.start.line][range_.start.character : range_.end.character]

    def applied(self, edits) -> str:
        """The text after edits, each in one line."""
        lines = self.text.split("\n")
        for edit in sorted(edits, key=lambda e: (e.range.start.line, -e.range.start.character)):
            line = lines[edit.range.start.line]
            start, end = edit.range.start.character, edit.range.end.character
            lines[edit.range.start.line] = line[:start] + edit.new_text + line[end:]
        return "\n".join(lines)


def said(text: types.MarkupContent | str) -> str:
    return text if isinstance(text, str) else text.value


async def opened(client, text: str = TEXT) -> Opened:
    flow = Opened(client, text)
    await flow.open()
    return flow


@pytest.mark.asyncio(loop_scope="module")
async def test_the_server_says_what_it_offers(client):
    offered = client.offered
    assert offered.hover_provider
    assert offered.completion_provider.resolve_provider
    assert offered.rename_provider
    assert offered.semantic_tokens_provider.legend.token_types


@pytest.mark.asyncio(loop_scope="module")
async def test_mistakes_are_shown_when_a_text_is_opened(client):
    flow = Opened(client, TEXT)
    (mistake,) = await flow.open()
    assert mistake.code == "unknown-name"
    assert mistake.severity == types.DiagnosticSeverity.Error
    assert flow.written(mistake.range) == "Tnah"
    assert "help: did you mean `Tanh`?" in mistake.message


@pytest.mark.asyncio(loop_scope="module")
async def test_a_mistake_says_what_it_contradicts(client):
    flow = Opened(client, "event a: real,\n  a: real\nNormal(0, 1)[2]")
    (mistake,) = await flow.open()
    (related,) = mistake.related_information
    assert related.location.uri == flow.uri
    assert related.location.range.start.line == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_mistakes_follow_the_text(client):
    flow = await opened(client)
    checked = asyncio.ensure_future(flow.checked())
    await asyncio.sleep(0)
    for end in range(len("Tanh")):
        flow.change(TEXT.replace("Tnah", "Tanh"[: end + 1]))
    assert [mistake.code for mistake in await checked] == ["event-mismatch"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_text_that_is_closed_has_no_mistakes(client):
    flow = await opened(client)
    checked = asyncio.ensure_future(flow.checked())
    await asyncio.sleep(0)
    client.text_document_did_close(types.DidCloseTextDocumentParams(flow.document))
    assert await checked == []


@pytest.mark.asyncio(loop_scope="module")
async def test_a_hover_shows_the_support_at_its_place(client):
    flow = await opened(client)
    found = await client.text_document_hover_async(types.HoverParams(flow.document, flow.at("Exp")))
    assert "y = exp(x)." in said(found.contents)
    assert "real → positive" in said(found.contents)
    assert flow.written(found.range) == "Exp"


@pytest.mark.asyncio(loop_scope="module")
async def test_completions_come_in_order_and_are_explained(client):
    flow = await opened(client, "Normal(0, 1) |> Exp |> ")
    found = await client.text_document_completion_async(
        types.CompletionParams(flow.document, types.Position(0, len(flow.text)))
    )
    items = {item.label: item for item in found.items}
    assert items["Log"].sort_text < items["Logit"].sort_text
    explained = await client.completion_item_resolve_async(items["Log"])
    assert "y = log(x)" in said(explained.documentation)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_call_that_is_written_has_its_signature(client):
    flow = await opened(client, "Normal(0, ")
    found = await client.text_document_signature_help_async(
        types.SignatureHelpParams(flow.document, types.Position(0, 10))
    )
    assert found.signatures[0].label == "Normal(loc=0, scale=1)"
    assert found.active_parameter == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_name_leads_to_its_declaration_and_its_uses(client):
    flow = await opened(client)
    place = flow.at("s)")
    declared = await client.text_document_definition_async(
        types.DefinitionParams(flow.document, place)
    )
    assert declared.range.start.line == 1
    context = types.ReferenceContext(include_declaration=True)
    uses = await client.text_document_references_async(
        types.ReferenceParams(context, flow.document, place)
    )
    assert [flow.written(use.range) for use in uses] == ["s", "s"]
    shown = await client.text_document_document_highlight_async(
        types.DocumentHighlightParams(flow.document, place)
    )
    assert len(shown) == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_name_is_renamed_everywhere(client):
    flow = await opened(client)
    place = flow.at("s)")
    range_ = await client.text_document_prepare_rename_async(
        types.PrepareRenameParams(flow.document, place)
    )
    assert flow.written(range_) == "s"
    edit = await client.text_document_rename_async(
        types.RenameParams(flow.document, place, "width")
    )
    text = flow.applied(edit.changes[flow.uri])
    assert text == TEXT.replace("let s", "let width").replace("0,s", "0,width")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_name_that_is_taken_is_refused(client):
    flow = await opened(client)
    with pytest.raises(JsonRpcException, match="`Normal` is a word of the language"):
        await client.text_document_rename_async(
            types.RenameParams(flow.document, flow.at("s)"), "Normal")
        )


@pytest.mark.asyncio(loop_scope="module")
async def test_a_text_is_formatted(client):
    flow = await opened(client)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    (edit,) = await client.text_document_formatting_async(
        types.DocumentFormattingParams(flow.document, options)
    )
    assert edit.new_text == flowspec.format(TEXT)
    flow = await opened(client, "Normal(0, 1")
    edits = await client.text_document_formatting_async(
        types.DocumentFormattingParams(flow.document, options)
    )
    assert edits is None


@pytest.mark.asyncio(loop_scope="module")
async def test_a_repair_is_offered_and_right(client):
    flow = Opened(client, TEXT)
    (mistake,) = await flow.open()
    context = types.CodeActionContext([mistake])
    (action,) = await client.text_document_code_action_async(
        types.CodeActionParams(flow.document, mistake.range, context)
    )
    assert action.kind == types.CodeActionKind.QuickFix
    assert action.is_preferred
    text = flow.applied(action.edit.changes[flow.uri])
    assert text == TEXT.replace("Tnah", "Tanh")


@pytest.mark.asyncio(loop_scope="module")
async def test_supports_outline_folds_and_colors_are_told(client):
    flow = await opened(client, "Normal(0, 1)\n  |> Exp\n")
    whole = types.Range(types.Position(0, 0), types.Position(2, 0))
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(flow.document, whole))
    assert [hint.label for hint in hints] == ["real", "positive"]
    symbols = await client.text_document_document_symbol_async(
        types.DocumentSymbolParams(flow.document)
    )
    assert [symbol.name for symbol in symbols] == ["flow"]
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(flow.document))
    assert [(fold.start_line, fold.end_line) for fold in folds] == [(0, 1)]
    colors = await client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(flow.document)
    )
    assert len(colors.data) == 5 * 5


@pytest.mark.asyncio(loop_scope="module")
async def test_of_a_text_that_is_not_open_nothing_is_known(client):
    document = types.TextDocumentIdentifier("file:///nowhere.flow")
    place = types.Position(0, 0)
    assert await client.text_document_hover_async(types.HoverParams(document, place)) is None
    assert (
        await client.text_document_completion_async(types.CompletionParams(document, place)) is None
    )


def test_the_server_answers_on_a_port(tmp_path):
    """It listens on this machine alone, and ends when the editor says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COMMAND[:-1], "--tcp", str(port)]
    server = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        answer = asyncio.run(_initialized(port))
        assert answer["result"]["serverInfo"]["name"] == "flowspec"
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.wait()


async def _initialized(port: int) -> dict:
    """The answer of a server to the first request; then it is told to end."""
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.1)
    messages = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    answer = json.loads(await reader.readexactly(length))
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def test_a_port_and_standard_input_are_not_both_used(call):
    refused(call("lsp", "--stdio", "--tcp", "4000"), "--stdio goes without --tcp", code=2)
