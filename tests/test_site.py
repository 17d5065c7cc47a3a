"""The documentation site: it is built without a warning, offline, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from commands import COMMANDS
from flowspec.diagnostics.explained import codes
from flowspec.train.feed.data_warnings import kinds
from pages import WRITTEN

pytest.importorskip("sphinx", reason='the documentation needs pip install -e ".[docs]"')
pytest.importorskip("matplotlib")

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


class Page(HTMLParser):
    """The anchors of a page, where its links lead, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.anchors |= {attributes[key] or "" for key in ("id", "name") if key in attributes}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"] or "")
        elif tag in ("img", "script", "link", "iframe"):
            source = attributes.get("src") or attributes.get("href")
            self.loaded += [source] if source else []


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[Path, Page]:
    """The pages of a site that was built here, warnings being errors."""
    place = tmp_path_factory.mktemp("site").resolve()
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", DOCS, place],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {path: Page(path) for path in place.rglob("*.html")}
    assert sum(len(page.links) for page in found.values()) > 500
    return found


@pytest.mark.slow
def test_links_lead_to_pages_and_anchors_that_there_are(pages):
    lost = []
    for page in pages.values():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            anchors = pages[target].anchors | {""} if target in pages else {""}
            if not target.exists() or unquote(parts.fragment) not in anchors:
                lost.append(f"{page.path.name}: {link}")
    assert not lost, "\n".join(lost)


@pytest.mark.slow
def test_every_code_has_a_page_that_the_table_leads_to(pages):
    table = next(page for path, page in pages.items() if path.stem == "diagnostics")
    for code in [*codes(), *kinds()]:
        assert f"../codes/{code}.html" in table.links


@pytest.mark.slow
def test_pages_load_nothing_from_elsewhere(pages):
    for page in pages.values():
        for source in page.loaded:
            parts = urlsplit(source)
            assert not parts.scheme and not parts.netloc, f"{page.path.name}: {source}"
            assert (page.path.parent / unquote(parts.path)).exists(), f"{page.path.name}: {source}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_block_of_code_has_a_language(path):
    fences = re.findall(r"^```(.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert all(fences[::2]) and not any(fences[1::2])


def test_every_command_has_a_man_page(tmp_path):
    pytest.importorskip("click_man")
    subprocess.run([sys.executable, DOCS / "_ext" / "man.py", tmp_path], check=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"flowspec.1", *(f"flowspec-{name}.1" for name in COMMANDS)}
    assert "\\-\\-epochs" in (tmp_path / "flowspec-fit.1").read_text("utf-8")
