"""Documents that are open are checked once they rest, and only as they are then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from flowspec.editing import workspace
from flowspec.editing.document import Document
from flowspec.editing.workspace import Workspace

Told = list[tuple[str, Document]]


def after(steps: Callable[[Workspace, asyncio.Event], Awaitable[None]]) -> Told:
    """What a workspace tells while it is used."""
    told: Told = []

    async def use() -> None:
        event = asyncio.Event()

        def tell(uri: str, document: Document) -> None:
            told.append((uri, document))
            event.set()

        space = Workspace(tell, delay=0.02)
        await steps(space, event)
        space.shut()

    asyncio.run(use())
    return told


async def _told(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), 60)
    event.clear()


def test_a_document_is_checked_when_it_is_opened():
    async def steps(space, event):
        space.open("a", "Normal(0, 1) |> Exp", "a.flow")
        await _told(event)

    ((uri, document),) = after(steps)
    assert uri == "a"
    assert document.is_current
    assert document.analysis.flow is not None


def test_of_changes_in_a_row_the_last_is_checked_alone(monkeypatch):
    checked = []
    analyze = workspace.analyze

    def counted(source, is_stale):
        checked.append(source.text)
        return analyze(source, is_stale)

    monkeypatch.setattr(workspace, "analyze", counted)

    async def steps(space, event):
        space.open("a", "Normal(0, 1)", "a.flow")
        await _told(event)
        for size in range(1, 6):
            space.change("a", f"Normal(0, {size})")
        await _told(event)

    told = after(steps)
    assert [document.text for _, document in told] == ["Normal(0, 1)", "Normal(0, 5)"]
    assert checked == ["Normal(0, 1)", "Normal(0, 5)"]


def test_work_on_a_text_that_has_changed_says_nothing(monkeypatch):
    """It is changed while its check is under way."""
    analyze = workspace.analyze

    async def steps(space, event):
        loop = asyncio.get_running_loop()

        def changing(source, is_stale):
            if source.text == "Normal(0, 1)":
                changed = asyncio.run_coroutine_threadsafe(_change(space), loop)
                changed.result(60)
                assert is_stale()
            return analyze(source, is_stale)

        monkeypatch.setattr(workspace, "analyze", changing)
        space.open("a", "Normal(0, 1)", "a.flow")
        await _told(event)

    async def _change(space):
        space.change("a", "Normal(0, 2)")

    assert [document.text for _, document in after(steps)] == ["Normal(0, 2)"]


def test_a_document_that_is_closed_is_told_of_no_more():
    async def steps(space, event):
        space.open("a", "Normal(0, 1)", "a.flow")
        space.close("a")
        space.change("a", "Normal(0, 2)")
        space.open("b", "Normal(0, 3)", "b.flow")
        await _told(event)

    assert [uri for uri, _ in after(steps)] == ["b"]
