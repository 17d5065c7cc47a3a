"""The facts of a flow that its header and its source in C are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowspec.model.model import Model
from flowspec.ops.c.source import File, Function
from flowspec.runtime.signatures import WHOLE_NUMBERS

SPILLED = 4096
"""Bytes of the stack beside scratch memory: what compilers spill, and the frames of callers."""

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


OPTIONAL = ("sample", "from_noise", "to_base")
"""The functions whose log-densities may be left out."""


@dataclass(frozen=True)
class CFlow:
    """A flow whose functions have been written.

    functions    of the tapes, by the names of these
    tile         rows that are worked out together
    exact_bits   True without fused multiply-adds
    """

    model: Model
    file: File
    name: str
    functions: Mapping[str, Function]
    tile: int
    exact_bits: bool

    @property
    def stack(self) -> int:
        """Bytes of the stack that the largest function takes at most."""
        return scratch(self.functions, self.tile) + SPILLED

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
        return ", ".join([*parts, *(f"{real} *{name}" for name in entry.outputs), "size_t n"])

    def signature(self, entry: Entry) -> str:
        return f"void {self.name}_{entry.name}({self.parameters(entry)})"


def scratch(functions: Mapping[str, Function], tile: int) -> int:
    """Bytes of scratch memory of the largest function."""
    return max(
        (1 if name in ROWS_ONLY else tile) * function.scratch[0] + function.scratch[1]
        for name, function in functions.items()
    )
