"""The documents that an editor has open, checked a moment after each change.

A change makes the work on the text before it stale: it ends at its next step, and says nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flowspec.diagnostics.source import Source
from flowspec.editing.analysis import Analysis, Stale, analyze
from flowspec.editing.document import Document

DELAY = 0.12
"""Seconds without a change before a text is checked."""

Told = Callable[[str, Document], None]
"""(the name of a document, what is known of it): called when its text has been checked."""


class Workspace:
    """Open documents by their names. Works in a running event loop."""

    def __init__(self, told: Told, delay: float = DELAY) -> None:
        self.documents: dict[str, Document] = {}
        self._told, self._delay = told, delay
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._versions: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")

    def open(self, uri: str, text: str, name: str) -> None:
        """Take a document in, and check it at once."""
        self.documents[uri] = Document(text, name)
        self._start(uri, 0)

    def change(self, uri: str, text: str) -> None:
        """Take the new text of a document, and check it soon."""
        if uri in self.documents:
            self.documents[uri] = self.documents[uri].changed(text)
            self._start(uri, self._delay)

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._versions[uri] = self._versions.get(uri, 0) + 1
        self.documents.pop(uri, None)
        task = self._tasks.pop(uri, None)
        if task:
            task.cancel()

    def shut(self) -> None:
        """End all work."""
        for uri in list(self.documents):
            self.close(uri)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, uri: str, delay: float) -> None:
        self._versions[uri] = version = self._versions.get(uri, 0) + 1
        if uri in self._tasks:
            self._tasks[uri].cancel()
        self._tasks[uri] = asyncio.get_running_loop().create_task(self._check(uri, version, delay))

    async def _check(self, uri: str, version: int, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        document = self.documents[uri]

        def is_stale() -> bool:
            return self._versions.get(uri) != version

        loop = asyncio.get_running_loop()
        try:
            analysis = await loop.run_in_executor(self._pool, _analysis, document, is_stale)
        except Stale:
            return
        if not is_stale():
            self.documents[uri] = document.analyzed(analysis)
            self._told(uri, self.documents[uri])
            await loop.run_in_executor(self._pool, _prepare, self.documents[uri])


def _analysis(document: Document, is_stale: Callable[[], bool]) -> Analysis:
    if is_stale():
        raise Stale
    return analyze(Source(document.text, document.name), is_stale)


def _prepare(document: Document) -> None:
    """Work out what an editor asks for when a file is saved."""
    _ = document.formatted
