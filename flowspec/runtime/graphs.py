"""Graphs of a bundle in onnxruntime: held against `flow.json` when they are opened, and told in
words where onnxruntime cannot go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as states

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.quantities import amount
from flowspec.runtime.external import Astray, external_constants
from flowspec.runtime.formats import BrokenBundle, Description
from flowspec.runtime.signatures import (
    GRAPHS,
    WHOLE_NUMBERS,
    as_vectors,
    inputs_of,
    outputs_of,
    row_of,
)
from flowspec.runtime.targets import GRAPHS_OF, ROW

_ERRORS = [kind for kind in vars(states).values() if isinstance(kind, type)]
FAILURES: tuple[type[Exception], ...] = (
    *(kind for kind in _ERRORS if issubclass(kind, Exception)),
    MemoryError,
    RuntimeError,
    ValueError,
)
"""Everything that onnxruntime raises for a graph that it cannot open or run."""

MEMORY = ("bad_alloc", "allocate memory", "out of memory", "bad allocation")
"""Words of onnxruntime for a lack of memory."""

FLOATS = {"float32": "tensor(float)", "float64": "tensor(double)"}


@mistake
class GraphFails(Diagnostic):
    message = "{graph} cannot be run: {reason}"
    help = "{advice}"
    graph: str
    reason: str
    advice: str = "`flowspec verify` checks the bundle; write it again with `flowspec compile`"


@mistake
class GraphMissing(Diagnostic):
    message = "{path} has no {graph}.onnx"
    help = "{advice}"
    path: str
    graph: str
    advice: str


HOW_TO_GET = {
    "log_prob_grad": "`flowspec compile --gradient` writes it",
    "from_noise_grad": "`flowspec compile --gradient` writes it",
}


def missing_graph(path: Path, name: str, target: str) -> FlowError:
    """The mistake of asking for a graph that a bundle has not."""
    advice = HOW_TO_GET.get(name, "compile the flow anew")
    if name not in GRAPHS_OF.get(target, GRAPHS):
        advice = f"graphs for {target} are without it: choose another target"
    return FlowError(GraphMissing(path=str(path), graph=name, advice=advice))


class Graph:
    """A graph that is open."""

    def __init__(self, name: str, session: onnxruntime.InferenceSession, said: Description):
        self.name = name
        self.session = session
        self._one_vector = said.one_vector
        outputs = outputs_of(name.removesuffix(".onnx"), said)
        self.rows = {output: row_of(output, said) for output in outputs}
        """The shape of one row of each output, by its name."""

    def run(
        self, outputs: list[str], feeds: Mapping[str, Any], rows: int | None = None
    ) -> list[NDArray[Any]]:
        """The outputs of these names.

        rows     how many they are to have; None where the caller looks at that
        Errors:  FlowError, where onnxruntime cannot go on, or gives another number of rows.
        """
        try:
            values = self._run(outputs, feeds)
        except FAILURES as error:
            raise self.failure(error) from None
        if rows is not None:
            for output, value in zip(outputs, values, strict=True):
                if value.shape != (rows, *self.rows[output]):
                    reason = f"it gives `{output}` of shape {value.shape} for {amount(rows, 'row')}"
                    raise FlowError(GraphFails(graph=self.name, reason=reason))
        return values

    def _run(self, outputs: list[str], feeds: Mapping[str, Any]) -> list[NDArray[Any]]:
        if not self._one_vector:
            return list(self.session.run(outputs, feeds))
        rows = [self.session.run(outputs, {ROW: row}) for row in as_vectors(feeds)]
        return [np.concatenate(values) for values in zip(*rows, strict=True)]

    def failure(self, error: Exception) -> FlowError:
        """The mistake that stands for an error of onnxruntime."""
        if _lacks_memory(error):
            return FlowError(
                GraphFails(
                    graph=self.name,
                    reason="there is not enough memory for it",
                    advice="give fewer rows at once",
                )
            )
        reason = f"onnxruntime {onnxruntime.__version__} gives up ({type(error).__name__})"
        return FlowError(GraphFails(graph=self.name, reason=reason))


def open_graph(
    path: Path,
    name: str,
    files: Mapping[str, bytes],
    options: onnxruntime.SessionOptions,
    provider: str,
    said: Description,
    flow: Mapping[str, Any],
) -> Graph:
    """A graph of a bundle.

    Errors:  FlowError, where onnxruntime cannot open it, or it is not the one that `flow.json`
             describes.
    """
    try:
        held = external_constants(files[name], files)
    except Astray as astray:
        raise FlowError(BrokenBundle(directory=str(path), reason=f"{name}: {astray}")) from None
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in held.values()]
    if values:
        options.add_external_initializers([*held], values)
    try:
        session = onnxruntime.InferenceSession(files[name], options, providers=[provider])
    except FAILURES as error:
        version = onnxruntime.__version__
        why = " for lack of memory" if _lacks_memory(error) else ""
        reason = f"onnxruntime {version} cannot open {name}{why}"
        raise FlowError(BrokenBundle(directory=str(path), reason=reason)) from None
    if reason := _discord(name, session, said, flow):
        reason = f"{name} is not the graph that flow.json describes: {reason}"
        raise FlowError(BrokenBundle(directory=str(path), reason=reason))
    return Graph(name, session, said)


def _lacks_memory(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, MemoryError) or any(words in text for words in MEMORY)


def _type(value: str, said: Description) -> str:
    return "tensor(int64)" if value in WHOLE_NUMBERS else FLOATS[said.dtype.name]


def _discord(
    name: str,
    session: onnxruntime.InferenceSession,
    said: Description,
    flow: Mapping[str, Any],
) -> str:
    """The reason why a graph is another one than was described; "" if it is not."""
    graph = name.removesuffix(".onnx")
    for kind, wanted, present in (
        ("inputs", inputs_of(graph, said), session.get_inputs()),
        ("outputs", outputs_of(graph, said), session.get_outputs()),
    ):
        if {*wanted} != {value.name for value in present}:
            return f"its {kind} are {', '.join(value.name for value in present)}"
        for value in present:
            own = value.type, tuple(n if isinstance(n, int) else None for n in value.shape)
            if own != (_type(value.name, said), wanted[value.name]):
                return f"`{value.name}` is {value.type} of shape {value.shape}"
    spec = session.get_modelmeta().custom_metadata_map.get("flowspec.spec")
    return "it was made of another flow" if spec and json.loads(spec) != flow else ""
