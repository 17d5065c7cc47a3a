"""The speed of flows as WebAssembly of their own, against onnxruntime-web: microseconds a row, in
Node, one thread.

    cd clients && npm install && cd ..
    python benchmarks/webassembly.py [--flows MAF NSF RealNVP]

Both are called in turn, and the medians are printed, that of onnxruntime-web with its ratio.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import torch
from native import FLOWS

import flowspec
from flowspec.importers import from_zuko

HERE = Path(__file__).parent
WEB = HERE.parent / "clients" / "node_modules" / "onnxruntime-web" / "dist" / "ort.wasm.min.mjs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", nargs="*", default=list(FLOWS))
    parser.add_argument("--web", type=Path, default=WEB, help="the module of onnxruntime-web")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.flows:
            measure(name, Path(scratch), options.web)


def measure(name: str, scratch: Path, web: Path) -> None:
    torch.manual_seed(1)
    flow = FLOWS[name]()
    with torch.no_grad():
        for weight in flow.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    folder = flowspec.compile(from_zuko(flow), scratch / name, name="flow", wasm=True)
    size = (folder / "native" / "flow.wasm").stat().st_size
    print(f"{name}: {size / 1e6:.2f} MB of WebAssembly", flush=True)
    program = HERE / "webassembly.mjs"
    subprocess.run(["node", program, folder / "native" / "flow.mjs", folder, web], check=True)


if __name__ == "__main__":
    main()
