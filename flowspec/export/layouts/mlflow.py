"""Models of MLflow, in its ONNX flavor: a folder for each graph, with signature and input example,
and with the settings by which MLServer serves it.

Source: the files that `mlflow.onnx.save_model` of MLflow 3.17 writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import onnx
import onnxruntime

from flowspec.export.layouts.naming import model_name
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.external import SHARED
from flowspec.runtime.signatures import WHOLE_NUMBERS, Shape, inputs_of, outputs_of
from flowspec.runtime.targets import ROW
from flowspec.runtime.verification import vectors_of

SHOWN = 3
"""Rows of an input example."""

REQUIREMENTS = f"mlflow\nonnx=={onnx.__version__}\nonnxruntime=={onnxruntime.__version__}\n"
PYTHON_ENV = "python: '3.11'\ndependencies:\n- -r requirements.txt\n"

MLMODEL = """\
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    onnx_version: {onnx}
    providers:
    - CPUExecutionProvider
  python_function:
    data: model.onnx
    env:
      virtualenv: python_env.yaml
    loader_module: mlflow.onnx
    python_version: '3.11'
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
  type: ndarray
signature:
  inputs: '{inputs}'
  outputs: '{outputs}'
  params: null
"""


SERVER = b'{"host": "127.0.0.1", "parallel_workers": 0}\n'
"""Settings of MLServer: this machine alone, and one process. The worker processes of MLServer 1.7
do not start with uvloop 0.23.
"""


def files(bundle: Bundle) -> dict[str, bytes]:
    """Every file of the models, by its path."""
    models = {
        f"{model_name(bundle, graph)}/{name}": data
        for graph in bundle.graphs
        for name, data in model_files(bundle, graph).items()
    }
    return {"settings.json": SERVER, **models}


def model_files(bundle: Bundle, graph: str) -> dict[str, bytes]:
    """The files of the model of one graph."""
    said, dtype = bundle.description, bundle.dtype.name
    example = input_example(bundle, graph)
    model = MLMODEL.format(
        onnx=onnx.__version__,
        inputs=_schema(inputs_of(graph, said), dtype),
        outputs=_schema(outputs_of(graph, said), dtype),
    )
    shared = {SHARED: bundle.files[SHARED]} if SHARED in bundle.files else {}
    return {
        "MLmodel": model.encode(),
        "model.onnx": bundle.files[f"{graph}.onnx"],
        "model-settings.json": _settings(model_name(bundle, graph)),
        "requirements.txt": REQUIREMENTS.encode(),
        "python_env.yaml": PYTHON_ENV.encode(),
        "input_example.json": json.dumps(example).encode(),
        "serving_input_example.json": json.dumps({"inputs": example}).encode(),
        **shared,
    }


def _settings(name: str) -> bytes:
    """The settings of a model in MLServer."""
    runtime = "mlserver_mlflow.MLflowRuntime"
    settings = {"name": name, "implementation": runtime, "parameters": {"uri": "."}}
    return json.dumps(settings, indent=1).encode()


def _schema(shapes: Mapping[str, Shape], dtype: str) -> str:
    """The tensors of a signature, as MLflow writes them."""
    return json.dumps(
        [
            {
                "name": name,
                "type": "tensor",
                "tensor-spec": {
                    "dtype": "int64" if name in WHOLE_NUMBERS else dtype,
                    "shape": [-1 if size is None else size for size in shape],
                },
            }
            for name, shape in shapes.items()
        ]
    )


def input_example(bundle: Bundle, graph: str) -> dict[str, Any]:
    """Inputs of a graph, by name: some rows of the vectors whose numbers are all finite, as their
    densities are.
    """
    case, said = vectors_of(bundle)[graph], bundle.description
    wanted = inputs_of(graph, said)
    names = [name for name in (wanted if ROW not in wanted else ("context", "x")) if name in case]
    listed = {name: case[name] for name in names if name not in WHOLE_NUMBERS}
    count = len(next(iter(listed.values()))) if listed else 0
    numbers_of = [*listed.values(), case["log_prob"]["parity"]]
    firm = [row for row in range(count) if all(_is_finite(rows[row]) for rows in numbers_of)]
    rows = firm[: SHOWN if said.batch is None else 1] * (said.batch or 1)
    chosen = {name: [values[row] for row in rows] for name, values in listed.items()}
    if ROW in wanted:
        return {ROW: [number for name in names for number in _flat(chosen[name][0])]}
    numbers = {"seed": 1, "n": SHOWN, "first_row": 0}
    return {name: numbers.get(name, chosen.get(name)) for name in wanted}


def _flat(row: Any) -> list[Any]:
    return row if isinstance(row, list) else [row]


def _is_finite(row: Any) -> bool:
    """True for a row without the words that stand for NaN and infinities."""
    return not any(isinstance(value, str) for value in _flat(row))
