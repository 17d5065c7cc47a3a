"""FlowSpec: a compiler for normalizing flows.

A line of text becomes a checked flow, a PyTorch module for training, and ONNX graphs for everything else:

    flow = flowspec.parse("Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)")
    flowspec.compile(flow, "my_flow")
    flowspec.load("my_flow").log_prob([0.1, 0.5, 0.77])

Forward always means from the base to the data.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from flowspec.diagnostics import FlowError
from flowspec.version import VERSION as __version__

if TYPE_CHECKING:
    from flowspec.assembly import assemble
    from flowspec.export.bundle import compile
    from flowspec.flow import Flow
    from flowspec.language.reading import parse, read
    from flowspec.model import Model
    from flowspec.runtime.bundle import Bundle, load
    from flowspec.train.distribution import NormalizingFlow
    from flowspec.train.fitting import fit
    from flowspec.train.module import to_torch

# Found when first used: `import flowspec` loads neither torch nor onnx.
_PLACES = {
    "Bundle": "flowspec.runtime.bundle",
    "Flow": "flowspec.flow",
    "Model": "flowspec.model",
    "NormalizingFlow": "flowspec.train.distribution",
    "assemble": "flowspec.assembly",
    "compile": "flowspec.export.bundle",
    "fit": "flowspec.train.fitting",
    "load": "flowspec.runtime.bundle",
    "parse": "flowspec.language.reading",
    "read": "flowspec.language.reading",
    "to_torch": "flowspec.train.module",
}

__all__ = ["FlowError", "__version__", *sorted(_PLACES)]


def __getattr__(name: str):
    if name not in _PLACES:
        raise AttributeError(f"module 'flowspec' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
