"""The graphs of a bundle: what goes into each, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowspec.runtime.formats import Description
from flowspec.runtime.targets import ROW

Shape = tuple[int | None, ...]
"""None for a batch that is free."""


class Graph(NamedTuple):
    """Names of the inputs and outputs of a graph. `context` and its derivatives are there where
    the flow has a context, `n` where nothing else says how many rows there are.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


GRAPHS: Mapping[str, Graph] = {
    "log_prob": Graph(("x", "context"), ("log_prob",)),
    "from_noise": Graph(("noise", "context"), ("x", "log_prob")),
    "sample": Graph(("seed", "n", "context", "first_row"), ("x", "log_prob")),
    "to_base": Graph(("x", "context"), ("z", "log_prob")),
    "log_prob_grad": Graph(("x", "context"), ("log_prob", "x_grad", "context_grad")),
    "from_noise_grad": Graph(
        ("noise", "context", "x_cotangent", "log_prob_cotangent"),
        ("x", "log_prob", "noise_grad", "context_grad"),
    ),
}
"""Every graph that a bundle may have, by the name of its file without `.onnx`."""

WHOLE_NUMBERS = ("seed", "n", "first_row")


def inputs_of(graph: str, said: Description) -> dict[str, Shape]:
    """The inputs of a graph and their shapes, by what `flow.json` says."""
    if said.one_vector:
        return {ROW: (len(said.context) + len(said.columns),)}
    counted = bool(said.context) or said.batch is not None
    return {
        name: _shape(name, said)
        for name in GRAPHS[graph].inputs
        if (said.context or name != "context") and not (counted and name == "n")
    }


def outputs_of(graph: str, said: Description) -> dict[str, Shape]:
    """The outputs of a graph and their shapes."""
    names = GRAPHS[graph].outputs
    return {n: _shape(n, said) for n in names if said.context or n != "context_grad"}


def as_vectors(feeds: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """The rows of a graph of one vector, from points and their context."""
    parts = [feeds[name] for name in ("context", "x") if name in feeds]
    return np.hstack([part.reshape(len(part), -1) for part in parts])


def row_of(value: str, said: Description) -> tuple[int, ...]:
    """The shape of one row of an input or output."""
    kind = value.removesuffix("_grad").removesuffix("_cotangent")
    if kind == "log_prob":
        return ()
    if said.scalar and kind in ("x", "z"):
        return ()
    names = {"x": said.columns, "z": said.latent, "noise": said.noise, "context": said.context}
    return (len(names[kind]),)


def _shape(value: str, said: Description) -> Shape:
    return () if value in WHOLE_NUMBERS else (said.batch, *row_of(value, said))
