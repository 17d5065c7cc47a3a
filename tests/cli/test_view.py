"""`flowspec view`: a page written, or served."""

from __future__ import annotations

import pytest

from commands import ROOT, refused
from flowspec.view.engine import HASHES
from flowspec.view.server import Server

BUNDLE = ROOT / "exported" / "one_liner"


@pytest.fixture
def ort(here):
    """A folder that passes for onnxruntime-web."""
    (here / "dist").mkdir()
    for name in HASHES:
        (here / "dist" / name).write_bytes(b"")
    return here / "dist"


def test_writes_a_page(call, here, ort):
    answer = call("view", BUNDLE, "-o", "site", "--ort", ort)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "wrote site; show it with `python -m http.server -d site`\n"
    assert (here / "site" / "index.html").exists()


def test_serves_a_page_until_it_is_interrupted(call, ort, monkeypatch):
    def interrupted(server):
        assert "model/sample.onnx" in server.files
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupted)
    answer = call("view", BUNDLE, "--ort", ort)
    assert answer.code == 0
    assert answer.err.startswith("http://127.0.0.1:")
    assert answer.err.endswith("/ shows one_liner; Ctrl-C ends it\n")


def test_what_is_no_bundle_is_refused_before_anything_is_fetched(call, here, monkeypatch):
    monkeypatch.setenv("PATH", "")
    refused(call("view", here), "is not a complete bundle")
