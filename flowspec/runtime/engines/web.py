"""onnxruntime-web: WebAssembly, in Node."""

from __future__ import annotations

from flowspec.runtime.replay.node import NodeEngine


class Web(NodeEngine):
    name = "web"
    advice = "install Node 20, then `npm install onnxruntime-web` in this folder"
    target = "web"
    package = "onnxruntime-web"
    provider = "wasm"


ENGINE = Web()
