"""JAX, through jaxonnxruntime, compiled by `jax.jit`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run, Values, version_of


class Jax(Engine):
    name = "jax"
    advice = "pip install jax jaxonnxruntime"
    target = "hssm"

    def version(self) -> str:
        return f"{version_of('jax')} (jaxonnxruntime {version_of('jaxonnxruntime', 'onnx')})"

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        import jax
        import onnx

        call_onnx = _reader()
        model = onnx.load(str(path))
        names = [value.name for value in model.graph.output]
        types = {value.type.tensor_type.elem_type for value in model.graph.input}
        wide = bool(types - {onnx.TensorProto.FLOAT, onnx.TensorProto.INT32})
        jax.config.update("jax_enable_x64", wide)
        made: list[Any] = []

        def run(feeds: Values) -> Values:
            if not made:
                function, weights = call_onnx.call_onnx_model(model, feeds)
                made.extend([jax.jit(function), weights])
            values = made[0](made[1], feeds)
            return {name: np.asarray(v) for name, v in zip(names, values, strict=True)}

        return run


def _reader() -> Any:
    """jaxonnxruntime of 2023 on a newer JAX, set as HSSM sets it."""
    import jax.numpy as jnp

    if "a_min" not in inspect.signature(jnp.clip).parameters:
        jnp.clip = functools.partial(_clip, jnp.clip)
    from jaxonnxruntime import call_onnx, config

    config.update("jaxort_only_allow_initializers_as_static_args", False)
    return call_onnx


def _clip(clip: Any, a: Any = None, a_min: Any = None, a_max: Any = None, **ends: Any) -> Any:
    """`jnp.clip` with the names that its arguments had."""
    low, high = ends.get("min", a_min), ends.get("max", a_max)
    return clip(a, low, high)


ENGINE = Jax()
