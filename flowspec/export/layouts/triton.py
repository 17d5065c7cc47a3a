"""A model repository of Triton Inference Server: a model for each graph, `BUNDLE_GRAPH`.

Source: model_config.proto of Triton; a tensor without dimensions is one of [1] that is reshaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from flowspec.export.layouts.naming import model_name
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.external import SHARED
from flowspec.runtime.signatures import WHOLE_NUMBERS, Shape, inputs_of, outputs_of

TYPES = {"float32": "TYPE_FP32", "float64": "TYPE_FP64"}


def files(bundle: Bundle) -> dict[str, bytes]:
    """Every file of the repository, by its path."""
    shared = {SHARED: bundle.files[SHARED]} if SHARED in bundle.files else {}
    made = {}
    for graph in bundle.graphs:
        name = model_name(bundle, graph)
        made[f"{name}/config.pbtxt"] = config(bundle, graph).encode()
        made[f"{name}/1/model.onnx"] = bundle.files[f"{graph}.onnx"]
        made |= {f"{name}/1/{file}": data for file, data in shared.items()}
    return made


def config(bundle: Bundle, graph: str) -> str:
    """The `config.pbtxt` of a graph."""
    said = bundle.description
    return "\n".join(
        [
            f"name: {json.dumps(model_name(bundle, graph))}",
            'backend: "onnxruntime"',
            "max_batch_size: 0",
            _tensors("input", inputs_of(graph, said), said.dtype.name),
            _tensors("output", outputs_of(graph, said), said.dtype.name),
            "instance_group [ { kind: KIND_CPU } ]",
            "",
        ]
    )


def _tensors(kind: str, shapes: Mapping[str, Shape], dtype: str) -> str:
    entries = [_tensor(name, shape, dtype) for name, shape in shapes.items()]
    return f"{kind} [\n" + ",\n".join(entries) + "\n]"


def _tensor(name: str, shape: Shape, dtype: str) -> str:
    kind = "TYPE_INT64" if name in WHOLE_NUMBERS else TYPES[dtype]
    sizes = ", ".join(str(-1 if size is None else size) for size in shape)
    dims = f"dims: [ {sizes} ]" if shape else "dims: [ 1 ] reshape: { shape: [ ] }"
    return f'  {{ name: "{name}" data_type: {kind} {dims} }}'
