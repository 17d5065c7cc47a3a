"""A server of files that are in memory, for this machine alone."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "wasm": "application/wasm",
    "json": "application/json",
}
HOST = "127.0.0.1"


@mistake
class PortTaken(Diagnostic):
    message = "port {port} cannot be had: {reason}"
    help = "choose another `--port`, or leave it out"
    port: int
    reason: str


class Server(ThreadingHTTPServer):
    """Serves files by their paths, at the loopback address.

    port     0 for one that is free
    Errors:  FlowError, where the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], port: int = 0):
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise FlowError(PortTaken(port=port, reason=reason)) from None
        self.files = files

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        name = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        data = self.server.files.get(name)
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: the page says what goes wrong."""
