"""Links between files of the repository, as links between pages of the site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from flowspec.diagnostics.explained import codes
from flowspec.train.feed.data_warnings import kinds

PAGES = {
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "clients/cpp/README.md": "clients/cpp.md",
    "clients/js/README.md": "clients/js.md",
    "clients/native/README.md": "clients/native.md",
}
"""The pages that show files which stand outside docs/."""

_LINK = re.compile(r"(?<!!)\[([^\]\n]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(?<!\[)`([a-z]+(?:-[a-z]+)+)`(?!\])")
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def inward(text: str, folder: Path) -> str:
    """A text of a folder of the repository, its links those of the site.

    A file that is on no page is named, without a link.
    """
    return _outside_code(text, lambda words: _LINK.sub(lambda link: _inward(link, folder), words))


def to_codes(text: str) -> str:
    """A text whose codes of diagnostics lead to what is said of them."""
    known = {*codes(), *kinds()}

    def linked(code: re.Match[str]) -> str:
        name = code.group(1)
        return f"[`{name}`](/codes/{name}.md)" if name in known else code.group()

    return _outside_code(text, lambda words: _CODE.sub(linked, words))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    # Odd pieces are the blocks of code.
    pieces = _FENCED.split(text)
    pieces[::2] = [change(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _inward(link: re.Match[str], folder: Path) -> str:
    words, target = link.groups()
    if re.match(r"[a-z]+:|#|/", target):
        return link.group()
    name, hash_, anchor = target.partition("#")
    place = os.path.normpath(folder / name)
    if place in PAGES:
        return f"[{words}](/{PAGES[place]}{hash_}{anchor})"
    if place.startswith("docs/"):
        return f"[{words}](/{place.removeprefix('docs/')}{hash_}{anchor})"
    return words if "`" in words else f"`{place}`"
