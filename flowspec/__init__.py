"""FlowSpec: a compiler for normalizing flows.

A line of text becomes a checked flow, a PyTorch module for training, and ONNX graphs for
everything else:

    flow = flowspec.parse("Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)")
    flowspec.compile(flow, "my_flow")
    flowspec.load("my_flow").log_prob([0.1, 0.5, 0.77])

Forward always means from the base to the data.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.notebooks import InNotebooks
from flowspec.version import VERSION as __version__

if TYPE_CHECKING:
    from flowspec.export.bundle import compile
    from flowspec.ir.assembly import assemble
    from flowspec.ir.flow import Flow
    from flowspec.ir.from_json import from_json
    from flowspec.language.layout.formatting import format
    from flowspec.language.reading import parse, read
    from flowspec.model.model import Model
    from flowspec.runtime.bundle import Bundle, load
    from flowspec.train.fitting import fit
    from flowspec.train.torch.distribution import NormalizingFlow
    from flowspec.train.torch.module import to_torch
    from flowspec.train.tune import tune

# Found when first used: `import flowspec` loads neither torch nor onnx.
_PLACES = {
    "Bundle": "flowspec.runtime.bundle",
    "Flow": "flowspec.ir.flow",
    "Model": "flowspec.model.model",
    "NormalizingFlow": "flowspec.train.torch.distribution",
    "assemble": "flowspec.ir.assembly",
    "compile": "flowspec.export.bundle",
    "fit": "flowspec.train.fitting",
    "format": "flowspec.language.layout.formatting",
    "from_json": "flowspec.ir.from_json",
    "load": "flowspec.runtime.bundle",
    "parse": "flowspec.language.reading",
    "read": "flowspec.language.reading",
    "to_torch": "flowspec.train.torch.module",
    "tune": "flowspec.train.tune",
}

# What notebooks show is drawn by a layer above the flows that are shown.
InNotebooks.views = staticmethod(lambda: importlib.import_module("flowspec.notebook.display"))

# Written out, because type checkers read it; a test holds it against `_PLACES`.
__all__ = [
    "Bundle",
    "Flow",
    "FlowError",
    "Model",
    "NormalizingFlow",
    "__version__",
    "assemble",
    "compile",
    "fit",
    "format",
    "from_json",
    "load",
    "parse",
    "read",
    "to_torch",
    "tune",
]

if not TYPE_CHECKING:  # a type checker would take every name for one of the package

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module 'flowspec' has no attribute {name!r}")
        return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
