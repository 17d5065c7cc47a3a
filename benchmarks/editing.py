"""How long an editor waits for the language server, on a file of 500 steps.

    python benchmarks/editing.py [--steps 500] [--rounds 40] [--json FILE]

A real client asks the server over standard input and output, so that what is printed holds the
way there and back: for each request the median and the 95th percentile, in milliseconds, while the
text rests, and while it is changed before each request, so that it is being checked meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from figures import Table, write
from lsprotocol import types
from pygls.lsp.client import LanguageClient

COMMAND = [sys.executable, "-c", "from flowspec.cli.main import main; main()", "lsp"]
STEPS = ("Affine(shift, 2)", "Tanh", "Affine(0.5, 0.5)", "Logit", "SinhArcsinh(learn(0), learn(1))")
URI = "file:///benchmark/long.flow"
DOCUMENT = types.TextDocumentIdentifier(URI)
PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
Ask = Callable[["Session"], Awaitable[object]]


def long_flow(steps: int) -> str:
    """A flow of so many steps, a step a line."""
    lines = (f"  |> {STEPS[number % len(STEPS)]}" for number in range(steps))
    return "\n".join(["let shift = 0.1", "Normal(0, 1)[4]", *lines, ""])


class Session:
    """A client with a long flow open, and a place in it."""

    def __init__(self, steps: int) -> None:
        self.text = long_flow(steps)
        self.version = 1
        self.line = steps // 2 + steps // 2 % len(STEPS)
        self.client = LanguageClient("benchmark", "1")
        self.checked = asyncio.Event()
        self.client.feature(PUBLISHED)(lambda params: self.checked.set())

    async def start(self) -> float:
        """Start the server and open the flow; the seconds until its mistakes are told."""
        await self.client.start_io(*COMMAND)
        await self.client.initialize_async(
            types.InitializeParams(capabilities=types.ClientCapabilities())
        )
        self.client.initialized(types.InitializedParams())
        await asyncio.sleep(2)  # it loads what it needs while an editor opens its first file
        start = time.perf_counter()
        item = types.TextDocumentItem(URI, "flow", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await self.checked.wait()
        return time.perf_counter() - start

    def change(self) -> None:
        """Type a character, in the middle of the flow."""
        self.version += 1
        self.checked.clear()
        place = types.Position(self.line, 2)
        change = types.TextDocumentContentChangePartial(types.Range(place, place), " ")
        document = types.VersionedTextDocumentIdentifier(self.version, URI)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    @property
    def place(self) -> types.Position:
        """The name of a step in the middle."""
        return types.Position(self.line, 5 + self.version - 1)

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


def _range(session: Session) -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(session.text.count("\n"), 0))


SHIFT = types.Position(0, 5)
OPTIONS = types.FormattingOptions(tab_size=2, insert_spaces=True)
REQUESTS: dict[str, Ask] = {
    "hover": lambda s: s.client.text_document_hover_async(types.HoverParams(DOCUMENT, s.place)),
    "completion": lambda s: s.client.text_document_completion_async(
        types.CompletionParams(DOCUMENT, s.place)
    ),
    "signature help": lambda s: s.client.text_document_signature_help_async(
        types.SignatureHelpParams(DOCUMENT, types.Position(s.line, s.place.character + 9))
    ),
    "definition": lambda s: s.client.text_document_definition_async(
        types.DefinitionParams(DOCUMENT, SHIFT)
    ),
    "references": lambda s: s.client.text_document_references_async(
        types.ReferenceParams(types.ReferenceContext(True), DOCUMENT, SHIFT)
    ),
    "rename": lambda s: s.client.text_document_rename_async(
        types.RenameParams(DOCUMENT, SHIFT, "moved")
    ),
    "document symbols": lambda s: s.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(DOCUMENT)
    ),
    "folding": lambda s: s.client.text_document_folding_range_async(
        types.FoldingRangeParams(DOCUMENT)
    ),
    "semantic tokens": lambda s: s.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(DOCUMENT)
    ),
    "inlay hints": lambda s: s.client.text_document_inlay_hint_async(
        types.InlayHintParams(DOCUMENT, _range(s))
    ),
    "code actions": lambda s: s.client.text_document_code_action_async(
        types.CodeActionParams(DOCUMENT, _range(s), types.CodeActionContext([]))
    ),
    "formatting": lambda s: s.client.text_document_formatting_async(
        types.DocumentFormattingParams(DOCUMENT, OPTIONS)
    ),
}


async def at_rest(session: Session, ask: Ask, rounds: int) -> list[float]:
    """Milliseconds of each request, on a text that rests."""
    await ask(session)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        await ask(session)
        times.append(1e3 * (time.perf_counter() - start))
    return times


async def while_typing(session: Session, ask: Ask, rounds: int) -> list[float]:
    """Milliseconds of each request, on a text that has just been changed."""
    times = []
    for _ in range(rounds):
        session.change()
        start = time.perf_counter()
        await ask(session)
        times.append(1e3 * (time.perf_counter() - start))
        await asyncio.sleep(0.05)
    await session.checked.wait()
    return times


async def checking(session: Session, rounds: int) -> list[float]:
    """Milliseconds from a change to its mistakes, the wait for more changes included."""
    times = []
    for _ in range(rounds):
        session.change()
        start = time.perf_counter()
        await session.checked.wait()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def summary(times: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(times), 1),
        "p95": round(statistics.quantiles(times, n=20)[-1], 1),
    }


async def measured(steps: int, rounds: int) -> Table:
    """All figures, printed on the way."""
    session = Session(steps)
    opened = await session.start()
    print(f"{steps} steps; opened and checked in {1e3 * opened:.0f} ms\n")
    print(f"{'':18}{'at rest':>18}{'while typing':>18}")
    print(f"{'milliseconds':18}{'median':>9}{'p95':>9}{'median':>9}{'p95':>9}")
    lines = []
    for name, ask in REQUESTS.items():
        rest = summary(await at_rest(session, ask, rounds))
        typing = summary(await while_typing(session, ask, rounds))
        numbers = [f"{number:.1f}" for part in (rest, typing) for number in part.values()]
        lines.append([name, *numbers])
        print(f"{name:18}" + "".join(f"{number:>9}" for number in numbers))
    told = summary(await checking(session, rounds // 2))
    print(f"\nmistakes told {told['median']} ms (p95 {told['p95']} ms) after the last change")
    await session.stop()
    title = (
        f"Milliseconds of requests on {steps} steps; mistakes told {told['median']} ms "
        f"({told['p95']} ms) after the last change"
    )
    heads = ["request", "at rest", "95 %", "while typing", "95 %"]
    return Table(title, heads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = asyncio.run(measured(arguments.steps, arguments.rounds))
    if arguments.json:
        write(arguments.json, [figures])


if __name__ == "__main__":
    main()
