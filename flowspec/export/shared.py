"""One copy of the weights for all graphs of a bundle: external data, as ONNX calls it."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import TensorProto

from flowspec.runtime.external import SHARED

LEAST = 256
"""Bytes of a constant from which on it is shared: smaller ones are shorter where they are used."""

ALIGNMENT = 64
"""Runtimes that map the file into memory want their numbers to begin at multiples of it."""


def with_shared_weights(graphs: Mapping[str, bytes]) -> dict[str, bytes]:
    """Graphs whose large constants stand in a file of their own, each once; that file is added,
    where there are such constants.

    Same input, same bytes.
    """
    data = bytearray()
    places: dict[bytes, int] = {}
    found: dict[str, bytes] = {}
    for name, graph in graphs.items():
        model = onnx.load_from_string(graph)
        for tensor in model.graph.initializer:
            if len(tensor.raw_data) >= LEAST:
                _move(tensor, data, places)
        found[name] = model.SerializeToString(deterministic=True)
    return {**found, SHARED: bytes(data)} if data else found


def _move(tensor: TensorProto, data: bytearray, places: dict[bytes, int]) -> None:
    """Put the content of a constant into the shared data, and its place into the constant."""
    content = bytes(tensor.raw_data)
    if content not in places:
        data += bytes(-len(data) % ALIGNMENT)
        places[content] = len(data)
        data += content
    place = {"location": SHARED, "offset": str(places[content]), "length": str(len(content))}
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in place.items():
        tensor.external_data.add(key=key, value=value)
