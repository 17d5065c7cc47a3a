"""Constants of graphs that stand in a file of the bundle, and nowhere else.

They are read from the bundle's own bytes, which have been checked against their hash: a graph
never opens a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARED = "weights.bin"
"""The file of a bundle that holds constants of all its graphs."""

KEY = b"\x0a\x08location\x12"
"""What every graph holds that points to a file, and no other one but by chance."""


class Astray(Exception):
    """A graph points to where it may not. Its text says where."""


def external_constants(graph: bytes, files: Mapping[str, bytes]) -> dict[str, NDArray[Any]]:
    """The constants that stand outside of a graph, by name.

    Errors:  Astray, where they are not in the bundle's own file, or beyond its end.
    """
    if KEY not in graph:
        return {}
    import onnx  # takes longer to load than most bundles

    model = onnx.load_from_string(graph)
    outer = {tensor.name: tensor for tensor in model.graph.initializer if tensor.external_data}
    for tensor in _tensors(model.graph):
        if tensor.external_data and outer.get(tensor.name) is not tensor:
            raise Astray("a constant inside of a node points to a file")
    return {name: _read(tensor, files) for name, tensor in outer.items()}


def _tensors(graph: Any) -> Iterator[Any]:
    """Every constant of a graph, and of the bodies of its loops."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)


def _read(tensor: Any, files: Mapping[str, bytes]) -> NDArray[Any]:
    from onnx.helper import tensor_dtype_to_np_dtype

    place = {entry.key: entry.value for entry in tensor.external_data}
    location = place.get("location", "")
    if location != SHARED or SHARED not in files:
        raise Astray(f"it points to {location}, which is no file of the bundle")
    dtype, shape = np.dtype(tensor_dtype_to_np_dtype(tensor.data_type)), tuple(tensor.dims)
    try:
        start, length = int(place.get("offset", "0")), int(place["length"])
    except (KeyError, ValueError):
        raise Astray(f"it does not say where in {SHARED} a constant is") from None
    wanted = int(np.prod(shape)) * dtype.itemsize
    if start < 0 or length != wanted or start + length > len(files[SHARED]):
        raise Astray(f"it points beyond the end of {SHARED}")
    return np.frombuffer(files[SHARED], dtype, wanted // dtype.itemsize, start).reshape(shape)
