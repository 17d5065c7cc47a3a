"""onnxruntime in Python, of whatever version the interpreter has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Onnxruntime(Engine):
    name = "onnxruntime"
    advice = "pip install onnxruntime"

    def version(self) -> str:
        return version_of("onnxruntime")

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

        def run(feeds: Values) -> Values:
            return dict(zip(outputs, session.run(list(outputs), feeds), strict=True))

        return run


ENGINE = Onnxruntime()
