"""The (slow) evaluator of the onnx package, the meaning of ONNX in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Reference(Engine):
    name = "reference"
    advice = "pip install onnx"
    causes = {
        r"_grad\..*ValueError": (
            "its Loop joins scan outputs of two axes along the first, with vstack, where ONNX "
            "stacks them along a new one"
        ),
    }

    def version(self) -> str:
        return version_of("onnx")

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        from onnx.reference import ReferenceEvaluator  # slow to load

        evaluator = ReferenceEvaluator(str(path))

        def run(feeds: Values) -> Values:
            with np.errstate(all="ignore"):  # both branches of a `Where` are computed
                return dict(zip(outputs, evaluator.run(list(outputs), feeds), strict=True))

        return run


ENGINE = Reference()
