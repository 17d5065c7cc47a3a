"""onnxruntime-web: WebAssembly, on a page of a headless Chromium."""

from __future__ import annotations

from flowspec.runtime.replay.browser import BrowserEngine


class WebChromium(BrowserEngine):
    name = "web-chromium"
    advice = "install Chromium, then `npm install onnxruntime-web` in this folder"
    target = "web"
    provider = "wasm"
    bundle = "ort.wasm.bundle.min.mjs"


ENGINE = WebChromium()
