"""torch, through onnx2torch."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Torch(Engine):
    name = "torch"
    advice = "pip install onnx2torch"
    target = "static"

    def version(self) -> str:
        return f"{version_of('torch')} (onnx2torch {version_of('onnx2torch', 'onnx')})"

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        import onnx
        import torch

        _stub_torchvision()
        from onnx2torch import convert

        graph = onnx.load(str(path))
        module = convert(graph)
        inputs = [value.name for value in graph.graph.input]
        names = [value.name for value in graph.graph.output]

        def run(feeds: Values) -> Values:
            with torch.no_grad():
                values = module(*(torch.from_numpy(np.array(feeds[name])) for name in inputs))
            listed = values if isinstance(values, list | tuple) else [values]
            return {n: value.numpy() for n, value in zip(names, listed, strict=True)}

        return run


def _stub_torchvision() -> None:
    """Let onnx2torch be imported where torchvision is missing: it takes operators of images from
    it, which our graphs have not.
    """
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision"):
        return
    package, operators = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
    vars(operators)["__getattr__"] = lambda name: None
    vars(package)["ops"] = operators
    sys.modules |= {"torchvision": package, "torchvision.ops": operators}


ENGINE = Torch()
