"""The server of a page that does jobs: `python -m ...page_server ENGINE FOLDER FIRST`.

The page is served from the loopback address alone; it fetches the jobs and posts what it has to
say, which is printed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flowspec.runtime.external import SHARED
from flowspec.runtime.replay.browser import BrowserEngine, browser
from flowspec.runtime.replay.jobs import read_jobs
from flowspec.runtime.replay.node import module
from flowspec.runtime.replay.registry import engine_named

PAGES = Path(__file__).parents[1] / "engines"
TYPES = {".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm"}
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class Server(ThreadingHTTPServer):
    """The jobs of a folder, and what a page needs to do them.

    ended   set when the page has done them all
    """

    daemon_threads = True

    def __init__(self, engine: BrowserEngine, folder: Path, first: int):
        super().__init__(("127.0.0.1", 0), Handler)
        self.engine, self.folder, self.first = engine, folder, first
        self.ended = threading.Event()

    @cached_property
    def graphs(self) -> list[Path]:
        return [job.graph for job in read_jobs(self.folder)]

    @property
    def address(self) -> str:
        engine = self.engine
        query = f"first={self.first}&provider={engine.provider}&bundle={engine.bundle}"
        return f"http://127.0.0.1:{self.server_port}/page/page.html?{query}"

    def file(self, path: str) -> Path:
        """The file that a page means by /page/..., /ort/..., /jobs/..., /graph/NUMBER, or
        /shared/NUMBER: the constants that the graphs of its bundle share.
        """
        room, _, name = path.split("?")[0].strip("/").partition("/")
        if room == "graph":
            return self.graphs[int(name)]
        if room == "shared":
            return self.graphs[int(name)].with_name(SHARED)
        folders = {
            "page": PAGES,
            "ort": module("onnxruntime-web") / "dist",
            "jobs": self.folder,
        }
        return folders[room] / Path(name).name


class Handler(BaseHTTPRequestHandler):
    """Files out; events and numbers in."""

    server: Server

    def do_GET(self) -> None:
        try:
            path = self.server.file(self.path)
            data = path.read_bytes()
        except (OSError, LookupError, ValueError):
            self.send_response(204 if self.path.startswith("/shared/") else 404)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        room, _, name = self.path.strip("/").partition("/")
        if room == "say":
            print("@", " ".join(data.decode().split()), flush=True)
        elif room == "lost":
            print(data.decode(), file=sys.stderr, flush=True)
            self.server.ended.set()
        elif room == "write":
            (self.server.folder / Path(name).name).write_bytes(data)
        else:
            self.server.ended.set()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: what goes wrong is told by the page."""


def main(name: str, folder: str, first: str) -> None:
    engine = engine_named(name)
    if not isinstance(engine, BrowserEngine):
        raise TypeError(f"{name} is no engine of a browser")
    with (
        Server(engine, Path(folder), int(first)) as server,
        tempfile.TemporaryDirectory(prefix="flowspec-", ignore_cleanup_errors=True) as profile,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = [*FLAGS, *engine.flags, f"--user-data-dir={profile}"]
        child = subprocess.Popen(
            [browser(), *flags, server.address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while child.poll() is None and not server.ended.wait(0.05):
            pass
        child.kill()
        child.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
