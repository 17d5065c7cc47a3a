"""onnxruntime-web for the page: from the cache, from npm, or from a folder that is named."""

from __future__ import annotations

import hashlib
import tarfile

import pytest

from flowspec import FlowError
from flowspec.view import engine
from flowspec.view.engine import HASHES, cache, engine_files

FILES = {name: f"content of {name}".encode() for name in HASHES}


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """A cache of one's own, and files whose hashes are known."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    monkeypatch.setattr(engine, "HASHES", hashes)


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts an `npm` on the PATH that runs some lines of a shell."""

    def put(script: str) -> None:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    return put


@pytest.fixture
def package(tmp_path):
    """An archive as npm packs it."""

    def pack(files: dict[str, bytes]):
        dist = tmp_path / "package" / "dist"
        dist.mkdir(parents=True)
        for name, data in files.items():
            (dist / name).write_bytes(data)
        with tarfile.open(tmp_path / "packed.tgz", "w:gz") as archive:
            archive.add(tmp_path / "package", "package")
        return tmp_path / "packed.tgz"

    return pack


def test_npm_is_asked_once(npm, package):
    npm(f'cp {package(FILES)} "$5"')
    assert engine_files() == FILES
    npm("exit 1")
    assert engine_files() == FILES


def test_a_cache_that_was_changed_is_filled_anew(npm, package):
    npm(f'cp {package(FILES)} "$5"')
    engine_files()
    (cache() / next(iter(FILES))).write_text("another thing")
    assert engine_files() == FILES


def test_a_package_of_other_content_is_refused(npm, package):
    npm(f'cp {package(FILES | {next(iter(FILES)): b"another thing"})} "$5"')
    with pytest.raises(FlowError, match="npm gave a package of other content"):
        engine_files()
    assert not cache().exists()


@pytest.mark.parametrize(
    "script, words",
    [
        ("echo 'npm error code ENOTFOUND' >&2; exit 1", "npm cannot get it (code ENOTFOUND)"),
        ("exit 3", "npm cannot get it (it does not say why)"),
    ],
)
def test_an_npm_that_fails_is_quoted(npm, script, words):
    npm(script)
    with pytest.raises(FlowError) as refused:
        engine_files()
    assert str(refused.value) == (
        "error[engine-unreachable]: the page needs onnxruntime-web@1.30.0, "
        f"which cannot be had: {words}\n"
        "  = help: where there is npm: `npm install onnxruntime-web@1.30.0`, then "
        "`--ort node_modules/onnxruntime-web/dist`"
    )


def test_without_npm_a_folder_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlowError, match="there is no `npm` on the PATH"):
        engine_files()


def test_a_folder_is_taken_as_it_is(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text("of another version")
    assert {*engine_files(tmp_path).values()} == {b"of another version"}


def test_a_folder_that_lacks_a_file_is_refused(tmp_path):
    with pytest.raises(FlowError) as refused:
        engine_files(tmp_path)
    assert str(refused.value) == (
        f"error[engine-incomplete]: {tmp_path} has no ort.wasm.bundle.min.mjs\n"
        "  = help: name the folder `dist` of the npm package onnxruntime-web"
    )
