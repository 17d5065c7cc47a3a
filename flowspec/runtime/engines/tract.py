"""tract, an engine in Rust; it takes inputs and gives outputs by their places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Tract(Engine):
    name = "tract"
    advice = "pip install tract"
    target = "tract"
    causes = {"with NaN": "it takes x * 0 for 0, also where x is NaN"}

    def version(self) -> str:
        return version_of("tract", "onnx")

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        os.environ["RUST_LIB_BACKTRACE"] = "0"  # else a mistake is told with its stack
        import onnx
        import tract

        graph = onnx.load(str(path), load_external_data=False).graph
        inputs = [value.name for value in graph.input]
        names = [value.name for value in graph.output]
        model = tract.onnx().load(str(path)).into_model().into_runnable()

        def run(feeds: Values) -> Values:
            values = model.run([np.array(feeds[name]) for name in inputs])
            return {n: np.array(v.to_numpy()) for n, v in zip(names, values, strict=True)}

        return run


ENGINE = Tract()
