"""OpenVINO on the CPU, in float32 throughout (its default multiplies matrices in bfloat16)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Openvino(Engine):
    name = "openvino"
    advice = "pip install openvino"
    target = "openvino"
    causes = {
        r"^sample\..* differ": "it computes int64 with 32 bits",
        "with NaN": "its Max, Min and Relu lose NaN",
    }

    def version(self) -> str:
        return version_of("openvino")

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        import openvino

        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        core = openvino.Core()
        model = core.compile_model(core.read_model(str(path)), "CPU", options)
        request = model.create_infer_request()

        def run(feeds: Values) -> Values:
            values = request.infer(feeds)
            return {name: np.array(values[model.output(name)]) for name in outputs}

        return run


ENGINE = Openvino()
