"""`compile`: a flow with its weights to a bundle, the directory that any runtime can use."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx.checker import check_model

from flowspec.data.files import UnwritablePath, new_directory
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.kinds import (
    FUNCTION,
    NUMBER,
    PATH,
    SWITCH,
    TEXT,
    WEIGHTS,
    WHOLE,
    Kind,
    require,
)
from flowspec.export.c.files import CSettings, native_files
from flowspec.export.card import card
from flowspec.export.certificate import certificate
from flowspec.export.cost import check_cost
from flowspec.export.graphs import GRADIENTS, GRAPHS, recorders, serialize
from flowspec.export.memory import check_memory
from flowspec.export.numbers import check_constants, check_numbers
from flowspec.export.profiles import ONNXRUNTIME
from flowspec.export.shared import with_shared_weights
from flowspec.export.solver import with_solver_error
from flowspec.export.targets import Target, of_rows, target_of
from flowspec.export.vectors import vectors
from flowspec.export.wasm.files import WasmTools, wasm_files, wasm_tools
from flowspec.ir.flow import Flow
from flowspec.model.kinds import COMPILABLE
from flowspec.model.model import Model
from flowspec.model.weights import as_weights, to_bytes
from flowspec.runtime.bundle import Bundle, opened
from flowspec.runtime.external import SHARED
from flowspec.runtime.formats import FORMAT, OPEN_DIGEST, seal
from flowspec.runtime.native import FOLDER, c_name
from flowspec.runtime.ranks import FILE as RANKS
from flowspec.version import VERSION

OF_TRAINING = (
    "metrics.json",
    "training.csv",
    "tuning.csv",
    "best.flow",
    "training.png",
    "samples.png",
    "calibration.png",
    "conditional.png",
)
"""The files that `flowspec fit` adds."""

FILES = frozenset(
    {
        *GRAPHS,
        *GRADIENTS,
        SHARED,
        "vectors.json",
        "weights.safetensors",
        "README.md",
        "flow.json",
        FOLDER,
        RANKS,
        *OF_TRAINING,
    }
)
"""Every file that a bundle may have."""


GRADIENT = Kind(
    'True, False or "log_prob"',
    lambda value: isinstance(value, bool) or (isinstance(value, str) and value == "log_prob"),
)

Extras = Callable[[Bundle], Mapping[str, bytes]]


@mistake
class NotABundle(Diagnostic):
    message = "{path} exists and is no bundle, so it is not overwritten"
    note = "{foreign} is no file of a bundle"
    help = "choose another directory, or remove it"
    path: str
    foreign: str = ""


def compile(
    flow: Flow | Model | Any,
    directory: str | Path,
    weights: Mapping[str, np.ndarray] | str | Path | None = None,
    dtype: str | None = None,
    *,
    target: str = ONNXRUNTIME.name,
    batch: int | None = None,
    opset: int = ONNXRUNTIME.lowest_opset,
    solver_error: float | None = None,
    gradient: bool | str = False,
    share_weights: bool = False,
    native: bool = False,
    name: str | None = None,
    exact_bits: bool = False,
    wasm: bool = False,
    extras: Extras | None = None,
) -> Path:
    """Write the bundle of a flow.

    flow       a `Flow`, a `Model`, or the module that `to_torch` made
    weights    values of what is learned: path -> array, or a safetensors file; for a
               `Flow` only
    dtype      "float32" or "float64": of the graphs' inputs and outputs. None: float32, or
               that of the training, if that was float64
    target     the engine that the graphs are for: `flowspec targets` lists them
    batch      a fixed number of rows, for runtimes that want static shapes
    opset      version of the ONNX operators
    solver_error   the error that a continuous flow may have, relative to 1 + |value|: its
                   solver
                   takes as many steps as that needs. None: as many as the flow says
    gradient   True adds the graphs of gradients, of log-densities and of samples;
               "log_prob" that of log-densities alone
    share_weights   True puts large constants of all graphs into one file, `weights.bin`
    native     True adds the flow as plain C, `native/NAME.c` and `native/NAME.h`
    name       of the functions of C; None for that of the directory
    exact_bits   True for C that gives the same bits from every compiler and instruction
                   set, without fused multiply-adds
    wasm       True adds that C as WebAssembly, too, `native/NAME.wasm`, with a module for Node
               and browsers, `native/NAME.mjs`: made by clang and wasm-ld
    extras     gives further files by name, of those that a training leaves, for the
               opened bundle

    Errors:  FlowError, where the weights do not fit, the target is not to be had, or the
             directory
             holds something else.
    """
    require(
        "compile",
        flow=(flow, COMPILABLE),
        directory=(directory, PATH),
        weights=(weights, WEIGHTS.or_none()),
        dtype=(dtype, TEXT.or_none()),
        target=(target, TEXT),
        batch=(batch, WHOLE.or_none()),
        opset=(opset, WHOLE),
        solver_error=(solver_error, NUMBER.or_none()),
        gradient=(gradient, GRADIENT),
        share_weights=(share_weights, SWITCH),
        native=(native, SWITCH),
        name=(name, TEXT.or_none()),
        exact_bits=(exact_bits, SWITCH),
        wasm=(wasm, SWITCH),
        extras=(extras, FUNCTION.or_none()),
    )
    path = Path(directory)
    check_place(path)
    model = as_model(flow, weights)
    wanted = target_of(target, dtype or model.dtype, opset, batch)
    if solver_error is not None:
        model = with_solver_error(model, solver_error)
    tools = wasm_tools() if wasm else None
    symbol = c_name(path.name) if name is None else name
    c = CSettings(symbol, exact_bits) if native or wasm else None
    files = bundle_files(model, wanted, extras, gradient, share_weights, c, tools)
    with new_directory(path) as scratch:
        for file, data in files.items():
            (scratch / file).parent.mkdir(exist_ok=True)
            (scratch / file).write_bytes(data)
    return path


def check_place(path: Path) -> None:
    """Raise a `FlowError` where a bundle would take the place of something else.

    Its whole directory is replaced.
    """
    if os.path.isdir(path):  # no error where the name is too long
        names = sorted(file.name for file in path.iterdir())
        foreign = next((name for name in names if name not in FILES), "")
        if foreign or (names and "flow.json" not in names):
            raise FlowError(NotABundle(path=str(path), foreign=foreign))
    elif os.path.lexists(path):
        raise FlowError(NotABundle(path=str(path)))
    if beneath := next(
        (str(parent) for parent in path.parents if _is_no_folder(parent)),
        None,
    ):
        raise FlowError(
            UnwritablePath(path=str(path), reason=f"{beneath} is a file, not a directory")
        )


def _is_no_folder(path: Path) -> bool:
    """True for a file, or a link to nothing."""
    return os.path.lexists(path) and not os.path.isdir(path)


def as_model(
    flow: Flow | Model | Any, weights: Mapping[str, np.ndarray] | str | Path | None = None
) -> Model:
    """A flow, a model or a torch module as a model."""
    if isinstance(flow, Flow):
        return Model(flow, as_weights(flow, weights))
    if weights is not None:
        raise TypeError(
            "compile() takes `weights` for a flow only: a model or a module has its own"
        )
    return flow if isinstance(flow, Model) else flow.to_model()


def bundle_files(
    model: Model,
    target: Target,
    extras: Extras | None = None,
    gradient: bool | str = False,
    share_weights: bool = False,
    native: CSettings | None = None,
    wasm: WasmTools | None = None,
) -> dict[str, bytes]:
    """Every file of a bundle, by name. Same input, same bytes."""
    check_memory(model.flow)
    spec = json.dumps(model.flow.to_json(), separators=(",", ":"))
    check_numbers(model.fixed, target.dtype)
    record = recorders(gradient, target.profile)
    tapes = {name: each(model.fixed, target) for name, each in record.items()}
    check_cost(model.flow, tapes)
    check_constants(model.fixed, tapes.values(), target.dtype)
    graphs = {
        name: serialize(name.removesuffix(".onnx"), tape, target, spec)
        for name, tape in tapes.items()
    }
    for data in graphs.values():
        check_model(data, full_check=True)
    replay = vectors(model, of_rows(target), [name.removesuffix(".onnx") for name in tapes])
    written = with_shared_weights(graphs) if share_weights else graphs
    files = {**written, "vectors.json": _json_bytes(replay, compact_rows=True)}
    if model.flow.learned():
        files["weights.safetensors"] = to_bytes(model.complete_weights)
    if native:
        files |= native_files(model, target, native, replay)
        if wasm:
            files |= wasm_files(model, target, native.name, files, wasm)
    about = _about(model, target, {})
    compiled = opened(Path("."), about, graphs, threads=1)
    about["certificate"] = certificate(model, compiled, replay)
    further = dict(extras(opened(Path("."), about, graphs))) if extras else {}
    if RANKS in further:
        files[RANKS] = further.pop(RANKS)
    if strange := sorted({*further} - {*OF_TRAINING}):
        raise ValueError(f"a bundle has no file {strange[0]}")
    files["README.md"] = card(model, about, target.profile, further, files).encode()
    judged = json.loads(further.get("metrics.json", b"{}")).get("judged", {})
    if "verdict" in judged:
        about["judged"] = judged
    # What a training leaves is for people: a bundle opens without it.
    about["files"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())
    }
    files["flow.json"] = seal(_json_bytes({**about, "digest": OPEN_DIGEST}))
    return {**further, **files}


def _about(model: Model, target: Target, measured: dict[str, Any]) -> dict[str, Any]:
    flow = model.flow
    return {
        "format": FORMAT,
        "flowspec": VERSION,
        "target": target.profile.name,
        "dtype": target.dtype,
        "opset": target.opset,
        "batch": target.batch,
        "columns": list(flow.columns),
        "context": list(flow.context.names) if flow.context else [],
        "scalar": flow.space.scalar,
        "noise": list(flow.noise),
        "latent": list(model.fixed.base.latent),
        "support": str(model.fixed.space),
        "flow": flow.to_json(),
        "certificate": measured,
    }


def _json_bytes(data: Any, compact_rows: bool = False) -> bytes:
    return (json.dumps(data, indent=None if compact_rows else 1, allow_nan=False) + "\n").encode()
