"""Memory that callers lend to the functions of a large flow: its weights, and room to work in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowspec.ops.c.constants import Constants, Packed, Table
from flowspec.ops.c.values import REAL

ALIGNMENT = 64
"""Bytes at multiples of which tables and arrays begin: a line of the cache, the longest vector."""

LEAST = 256
"""Bytes of a table from which on it is lent: a smaller one stays a constant of the text."""

MULTIPLIER = 0x9E3779B97F4A7C15
"""The base of the polynomial that `Weights.sum` is, modulo 2^64."""

DEFINITION = """\
/* Memory that the caller lends. */
#ifdef __GNUC__
#define LENT(type, start) (type *)__builtin_assume_aligned(start, 64)
#else
#define LENT(type, start) (type *)(start)
#endif
"""


@dataclass(frozen=True)
class Array:
    """An array of scratch memory of a function.

    rows   True if each of its elements holds a number for each row of a tile
    size   bytes of it, for one row
    """

    name: str
    c_type: str
    length: int
    rows: bool

    @property
    def size(self) -> int:
        return self.length * (8 if self.c_type in ("uint64_t", "double") else 4)

    def declared(self) -> str:
        return f"  ALIGNED {self.c_type} {self.name}[{self.length}{' * T' if self.rows else ''}];"


@dataclass(frozen=True)
class Weights:
    """Tables in a file of their own, numbers of one float type in the order of little-endian
    machines.

    places   the first byte of each table, by its name
    """

    data: bytes
    places: Mapping[str, int]
    matrices: Mapping[str, Packed]
    real: str

    @property
    def names(self) -> set[str]:
        """What the text is without: the tables, and the matrices that they belong to."""
        return {*self.places, *self.matrices}

    @property
    def sum(self) -> int:
        """The numbers' bits as digits of one number: what `NAME_weights_check` works out, in any
        order of bytes that its machine has.
        """
        words = np.frombuffer(self.data, "<u4" if self.real == "float" else "<u8")
        powers: NDArray[np.uint64] = np.full(words.size, MULTIPLIER, np.uint64)
        powers[-1:] = 1
        powers = np.multiply.accumulate(powers[::-1])[::-1]
        return int((words.astype(np.uint64) * powers).sum(dtype=np.uint64))

    def lines(self, body: str) -> list[str]:
        """The declarations of what a function uses of them."""
        used = set(re.findall(r"\b[cm]\d+\b", body)) & self.names
        matrices = [matrix for name, matrix in self.matrices.items() if name in used]
        used |= {name for matrix in matrices for name in matrix.fields} & set(self.places)
        real = f"const {self.real}"
        tables = [
            f"  {real} *const restrict {name} = LENT({real}, (const char *)weights + {place});"
            for name, place in self.places.items()
            if name in used
        ]
        unused = [] if tables else ["  (void)weights;"]
        return [*unused, *tables, *(f"  {matrix.text()}" for matrix in matrices)]


def weights_of(constants: Constants) -> Weights:
    """The large tables of a file as one piece of memory."""
    data, places = bytearray(), {}
    for table in constants.all:
        if isinstance(table, Table) and table.kind == REAL and table.values.nbytes >= LEAST:
            data += bytes(-len(data) % ALIGNMENT)
            places[table.name] = len(data)
            data += table.values.astype(table.values.dtype.newbyteorder("<")).tobytes()
    matrices = {
        one.name: one
        for one in constants.all
        if isinstance(one, Packed) and not places.keys().isdisjoint(one.fields)
    }
    return Weights(bytes(data), places, matrices, constants.real)


@dataclass(frozen=True)
class Lent:
    """What the functions of a flow take from their caller.

    weights   the tables of a large flow
    scratch   True where the memory to work in is too much for a stack
    """

    weights: Weights | None = None
    scratch: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters, by their names."""
        weights = {"weights": "const void *weights"} if self.weights else {}
        return weights | ({"scratch": "void *scratch"} if self.scratch else {})

    def lines(self, arrays: Sequence[Array], body: str) -> list[str]:
        """The declarations of a function over the rows of a tile."""
        lines = self.weights.lines(body) if self.weights else []
        if not self.scratch:
            return [*lines, *(array.declared() for array in arrays)]
        lines += [] if arrays else ["  (void)scratch;"]
        shared = [array for array in arrays if not array.rows]
        each = [array for array in arrays if array.rows]
        lines += [_lent(array, str(room(shared[:i], 1))) for i, array in enumerate(shared)]
        fixed = room(shared, 1)
        lines += [_lent(a, f"{fixed} + {room(each[:i], 1)} * T") for i, a in enumerate(each)]
        return lines


def _lent(array: Array, at: str) -> str:
    """The declaration of an array, so many bytes behind the start of what is lent."""
    start = f"LENT({array.c_type}, (char *)scratch + {at})"
    return f"  {array.c_type} *const restrict {array.name} = {start};"


def aligned(count: int) -> int:
    """The next multiple of `ALIGNMENT`."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def room(arrays: Sequence[Array], rows: int) -> int:
    """Bytes that arrays take for so many rows."""
    return sum(aligned(array.size) * (rows if array.rows else 1) for array in arrays)


NOTHING = Lent()
"""What the functions of a usual flow take beside rows."""
