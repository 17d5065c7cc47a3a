"""onnxruntime-web: WebGPU with Chromium's software adapter, for information."""

from __future__ import annotations

from flowspec.runtime.replay.browser import BrowserEngine


class WebGpu(BrowserEngine):
    name = "web-gpu"
    advice = "install Chromium, then `npm install onnxruntime-web` in this folder"
    target = "web"
    informative = True
    provider = "webgpu"
    bundle = "ort.webgpu.bundle.min.mjs"
    flags = (
        "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--ignore-gpu-blocklist",
        "--enable-features=Vulkan,WebGPU", "--use-vulkan=swiftshader",
    )  # fmt: skip


ENGINE = WebGpu()
