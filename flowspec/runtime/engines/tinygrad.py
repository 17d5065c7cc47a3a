"""tinygrad on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Tinygrad(Engine):
    name = "tinygrad"
    advice = "pip install tinygrad; it compiles with clang"
    target = "static"

    def version(self) -> str:
        return version_of("tinygrad")

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        os.environ.setdefault("DEV", "CPU")
        from tinygrad import Tensor
        from tinygrad.nn.onnx import OnnxRunner

        model = OnnxRunner(str(path))

        def run(feeds: Values) -> Values:
            values = model({name: Tensor(np.array(value)) for name, value in feeds.items()})
            return {name: values[name].numpy() for name in outputs}

        return run


ENGINE = Tinygrad()
