"""The page as files, and served."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

import pytest

import flowspec
from commands import ROOT
from flowspec import FlowError
from flowspec.view.server import Server
from flowspec.view.site import PAGE, site, write_site

ENGINE = {"ort.mjs": b"export {}", "ort.wasm": b"\0asm"}


@pytest.fixture(scope="module")
def files():
    return site(flowspec.load(ROOT / "exported" / "one_liner"), ENGINE)


def test_the_page_holds_the_bundle_the_engine_and_itself(files, tmp_path):
    write_site(files, tmp_path / "site")
    bundle = flowspec.load(tmp_path / "site" / "model")
    assert bundle.columns == ("x",)
    assert {"ort/ort.js", "ort/ort.wasm", *PAGE} <= files.keys()


def test_the_page_is_called_like_the_folder(tmp_path):
    place = tmp_path / '<b>"bold"'
    flowspec.compile(flowspec.parse("Normal(0, 1)"), place)
    page = site(flowspec.load(place), {})["index.html"].decode()
    assert "<title>&lt;b&gt;&quot;bold&quot;: a normalizing flow</title>" in page
    assert "<b>" not in page and "$name" not in page


def test_the_page_asks_for_nothing_elsewhere(files):
    for name in PAGE:
        text = files[name].decode().replace("http://www.w3.org/2000/svg", "")
        text = text.replace("http://www.w3.org/1999/xhtml", "")
        assert 'src="/' not in text and 'href="/' not in text
        if name != "worker.js":  # which may be asked for the URL of a bundle
            addresses = [word for word in text.split('"') if word.startswith(("http:", "https:"))]
            assert [each for each in addresses if "w3.org" not in each] == []


def test_an_earlier_page_is_replaced_and_other_folders_are_not(files, tmp_path):
    write_site(files, tmp_path / "site")
    write_site({**files, "page.css": b"newer"}, tmp_path / "site")
    assert (tmp_path / "site" / "page.css").read_bytes() == b"newer"
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FlowError) as refused:
        write_site(files, tmp_path)
    assert str(refused.value) == (
        f"error[other-folder]: {tmp_path} holds other files, which a page would take the place of\n"
        "  = help: name a folder that is empty, or not there yet"
    )
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("beside", ["worker.js", "index.html"])
def test_a_folder_with_a_file_of_such_a_name_is_no_page(files, tmp_path, beside):
    for name in (beside, "thesis.tex"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(FlowError, match="holds other files"):
        write_site(files, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_a_page_that_someone_put_a_file_into_is_kept(files, tmp_path):
    write_site(files, tmp_path / "site")
    (tmp_path / "site" / "notes.txt").write_text("mine")
    with pytest.raises(FlowError, match="holds other files"):
        write_site(files, tmp_path / "site")


def test_a_file_is_not_replaced(files, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FlowError) as refused:
        write_site(files, tmp_path / "thesis.tex")
    assert str(refused.value) == (
        f"error[file-in-place]: {tmp_path}/thesis.tex is a file, "
        "which a page would take the place of\n"
        "  = help: name a folder that is empty, or not there yet"
    )
    assert (tmp_path / "thesis.tex").read_text() == "mine"


@pytest.fixture
def server(files):
    with Server(files) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    "path, kind",
    [
        ("", "text/html; charset=utf-8"),
        ("page.js?x=1", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("ort/ort.js", "text/javascript; charset=utf-8"),
        ("ort/ort.wasm", "application/wasm"),
        ("model/flow.json", "application/json"),
        ("model/sample.onnx", "application/octet-stream"),
    ],
)
def test_files_are_served_with_their_types(server, files, path, kind):
    with urllib.request.urlopen(server.address + path) as answer:
        assert answer.headers["Content-Type"] == kind
        assert answer.read() == files[path.partition("?")[0] or "index.html"]


@pytest.mark.parametrize("path", ["nothing", "../pyproject.toml", "%2e%2e/pyproject.toml"])
def test_nothing_else_is_served(server, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(server.address + path)


def test_a_port_that_is_taken_is_told(server, files):
    with pytest.raises(FlowError) as refused:
        Server(files, server.server_port)
    assert str(refused.value) == (
        f"error[port-taken]: port {server.server_port} cannot be had: address already in use\n"
        "  = help: choose another `--port`, or leave it out"
    )
