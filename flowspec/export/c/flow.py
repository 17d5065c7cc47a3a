"""The facts of a flow that its header and its source in C are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowspec.model.model import Model
from flowspec.ops.c.lent import NOTHING, Array, Lent, room
from flowspec.ops.c.source import File, Function
from flowspec.runtime.signatures import WHOLE_NUMBERS

SPILLED = 4096
"""Bytes of the stack beside scratch memory: what compilers spill, and the frames of callers."""

MATRIX_BYTES = 56
"""Bytes of the struct of a matrix, which stands on the stack where its weights are lent."""

ROWS_ONLY = ("log_prob_grad",)
"""What is worked out row by row: a tile of it does not fit into the fast caches."""


@dataclass(frozen=True)
class Entry:
    """A function that callers see, which takes the number of rows, too.

    doc   what it does
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    doc: str

    @property
    def steps(self) -> Sequence[str]:
        """The functions of tapes that it calls, one after the other."""
        return STEPS.get(self.name, (self.name,))

    @property
    def between(self) -> Sequence[str]:
        """What these give that the caller does not get."""
        return BETWEEN.get(self.name, ())

    @property
    def optional(self) -> Sequence[str]:
        """What the caller may leave out."""
        return ("log_prob",) if self.name in OPTIONAL else ()

    @property
    def rows_only(self) -> bool:
        return self.name in ROWS_ONLY


STEPS = {"log_prob": ("to_base",), "sample": ("noise", "from_noise")}
BETWEEN = {"log_prob": ("z",), "sample": ("noise",)}

OPTIONAL = ("sample", "from_noise", "to_base")
"""The functions whose log-densities may be left out."""


@dataclass(frozen=True)
class CFlow:
    """A flow whose functions have been written.

    functions    of the tapes, by the names of these
    tile         rows that are worked out together
    exact_bits   True without fused multiply-adds
    lent         what callers lend to the functions
    """

    model: Model
    file: File
    name: str
    functions: Mapping[str, Function]
    tile: int
    exact_bits: bool
    lent: Lent = NOTHING

    @property
    def lent_words(self) -> list[str]:
        """What callers lend, as names of constants have it."""
        return [name.upper() for name in self.lent.parameters]

    @property
    def struct(self) -> str:
        """The type of the struct of pointers: that of all flows with the same parameters."""
        return "_".join(["flowspec_flow", self.file.real, *self.lent.parameters])

    def tile_of(self, entry: Entry) -> int:
        return 1 if entry.rows_only else self.tile

    def own(self, entry: Entry) -> list[Array]:
        """What a function keeps between its steps, and in the place of what is not wanted."""
        return [
            Array(f"own_{name}", self.file.real, self._row_of(name), True)
            for name in (*entry.between, *entry.optional)
        ]

    def _row_of(self, name: str) -> int:
        return next(f.outputs[name] for f in self.functions.values() if name in f.outputs)

    def scratch_of(self, entry: Entry) -> int:
        """Bytes of memory that a function works in."""
        tile = self.tile_of(entry)
        steps = (room(self.functions[step].arrays, tile) for step in entry.steps)
        return room(self.own(entry), tile) + max(steps)

    @property
    def scratch(self) -> int:
        """Bytes of memory that the largest function works in."""
        return max(map(self.scratch_of, self.entries))

    def stack_of(self, entry: Entry) -> int:
        """Bytes of the stack that a function takes at most."""
        fixed = max(self._on_the_stack(self.functions[step]) for step in entry.steps)
        return fixed + SPILLED + (0 if self.lent.scratch else self.scratch_of(entry))

    def _on_the_stack(self, function: Function) -> int:
        weights = self.lent.weights
        lines = weights.lines(function.body) if weights else []
        return function.counters + MATRIX_BYTES * len(lines)

    @property
    def stack(self) -> int:
        """Bytes of the stack that the largest function takes at most."""
        return max(map(self.stack_of, self.entries))

    @property
    def entries(self) -> list[Entry]:
        """The functions that callers see."""
        wanted = "and their log-densities (NULL where they are not wanted)"
        return [
            Entry("log_prob", ("x", "context"), ("log_prob",), "The log-density of each row of x."),
            Entry(
                "sample",
                ("seed", "first_row", "context"),
                ("x", "log_prob"),
                f"Draws n rows, {wanted}. Row i depends on seed and first_row + i alone.",
            ),
            Entry(
                "from_noise",
                ("noise", "context"),
                ("x", "log_prob"),
                f"Rows from standard noise, {wanted}.",
            ),
            Entry(
                "to_base",
                ("x", "context"),
                ("z", "log_prob"),
                "The points of the base that give x, NaN outside the support, and the "
                "log-densities of x (NULL where they are not wanted).",
            ),
            Entry(
                "log_prob_grad",
                ("x", "context"),
                ("log_prob", "x_grad", "context_grad"),
                "The log-densities of x, and their derivatives by x and by the context (NULL where "
                "the flow has none); 0 outside the support.",
            ),
        ]

    def parameters(self, entry: Entry) -> str:
        """The parameters of a function that callers see."""
        real = self.file.real
        parts = [
            f"int64_t {name}" if name in WHOLE_NUMBERS else f"const {real} *{name}"
            for name in entry.inputs
        ]
        parts += [f"{real} *{name}" for name in entry.outputs]
        return ", ".join([*parts, "size_t n", *self.lent.parameters.values()])

    def signature(self, entry: Entry) -> str:
        return f"void {self.name}_{entry.name}({self.parameters(entry)})"
