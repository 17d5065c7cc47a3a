"""Graphs of bundles: their signatures, and what to feed them with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

import flowspec

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.flow"))
GRAPHS = ["from_noise", "log_prob", "sample", "to_base"]
FORBIDDEN = {
    "NonZero",
    "ScatterND",
    "Einsum",
    "Loop",
    "If",
    "Scan",
    "Bernoulli",
    "Multinomial",
    "Dropout",
}
DTYPES = {"float32": onnx.TensorProto.FLOAT, "float64": onnx.TensorProto.DOUBLE}
LEARNS = "Normal(learn([0, 1]), learn(2)) |> Affine(learn(0), learn(3, low=1, high=5))"


def model(bundle: flowspec.Bundle, graph: str) -> onnx.ModelProto:
    return onnx.load(bundle.path / f"{graph}.onnx")


def signature(values) -> dict[str, tuple[int, list]]:
    """Name -> element type and shape, of the inputs or outputs of a graph."""
    tensors = {value.name: value.type.tensor_type for value in values}
    return {
        name: (t.elem_type, [d.dim_param or d.dim_value for d in t.shape.dim])
        for name, t in tensors.items()
    }


def expected_signature(bundle: flowspec.Bundle, graph: str, rows="N") -> tuple[dict, dict]:
    """The inputs and outputs that the design fixes."""
    real, whole = DTYPES[bundle.dtype.name], onnx.TensorProto.INT64
    x = (real, [rows] if bundle.about["scalar"] else [rows, len(bundle.columns)])
    context = {"context": (real, [rows, len(bundle.context)])} if bundle.context else {}
    if graph == "log_prob":
        return {"x": x} | context, {"log_prob": (real, [rows])}
    if graph == "to_base":
        z = (real, [rows] if bundle.about["scalar"] else [rows, len(bundle.about["latent"])])
        return {"x": x} | context, {"z": z, "log_prob": (real, [rows])}
    if graph == "from_noise":
        return {"noise": (real, [rows, len(bundle.noise)])} | context, {
            "x": x,
            "log_prob": (real, [rows]),
        }
    count = context or ({"n": (whole, [])} if rows == "N" else {})
    return {"seed": (whole, []), **count, "first_row": (whole, [])}, {
        "x": x,
        "log_prob": (real, [rows]),
    }


def context_for(bundle: flowspec.Bundle, rows: int) -> dict[str, np.ndarray]:
    """A context input, where the flow has one."""
    return (
        {"context": np.full((rows, len(bundle.context)), 1.5, bundle.dtype)}
        if bundle.context
        else {}
    )


def sample_feeds(
    bundle: flowspec.Bundle, rows: int, seed: int, first_row: int = 0
) -> dict[str, np.ndarray]:
    """The inputs of a sample graph."""
    count = context_for(bundle, rows) or {"n": np.array(rows)}
    return {"seed": np.array(seed), "first_row": np.array(first_row), **count}
