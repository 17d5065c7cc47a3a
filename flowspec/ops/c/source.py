"""A file of C: functions of tapes, and what they call."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from flowspec.ops.c import expressions as ex
from flowspec.ops.c.constants import Constants
from flowspec.ops.c.elementary import definitions, needed
from flowspec.ops.c.function import Writer
from flowspec.ops.c.lent import DEFINITION, NOTHING, Array, Lent
from flowspec.ops.c.memory import Statement, Turns, offsets
from flowspec.ops.c.values import Buffer, View, contiguous, of_event
from flowspec.ops.tape import BATCH, TapeOps
from flowspec.ops.tape.passes import simplified
from flowspec.ops.tape.spelling import Dialect, logsumexp, spelt
from flowspec.ops.tape.tape import Entry, Tape
from flowspec.ops.vocabulary import Ops

DIALECT = Dialect({"logsumexp": logsumexp, "log_sigmoid": Ops.log_sigmoid})
"""What C has no function for. The other functions stay what they are."""

TILE = 16
"""Rows that are worked out together."""

HEAD = """\
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline, unused))
#define LOCAL static __attribute__((unused))
#define ALIGNED __attribute__((aligned(64)))
#else
#define INLINE static inline
#define LOCAL static
#define ALIGNED
#endif
#ifdef __cplusplus
#define restrict __restrict
#endif

/* Comparisons become blends and sums keep their order, whatever the flags. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("no-trapping-math", "no-math-errno", "fp-contract=off")
#endif
"""

MATRIX = """\
/* Blocks of 8 outputs: block v has the inputs from first[v] to end[v], whose weights begin at
   start[v], 8 for each. `skipped`: the number of inputs, if some block lacks some; else 0.
   `whole`: all blocks begin with the first input. */
typedef struct {
  int blocks, skipped, whole;
  const REAL *weight, *bias;
  const int32_t *start, *first, *end;
} Matrix;
"""


@dataclass(frozen=True)
class Function:
    """A function of C over the rows of a tile.

    name      PASS(name) is what it is called
    inputs    name -> (kind, numbers of a row); None for a single number of all rows
    outputs   name -> numbers of a row
    arrays    scratch memory
    body      its text behind the declarations of these, for any T
    """

    name: str
    inputs: dict[str, tuple[str, int | None]]
    outputs: dict[str, int]
    parameters: list[str]
    arrays: list[Array]
    body: str

    @property
    def counters(self) -> int:
        """Bytes of what networks that go stage by stage count, which always stand on the stack."""
        return 4 * sum(map(int, re.findall(r"^\s*int done\w+\[(\d+)\];", self.body, re.M)))


class File:
    """Functions that share their constants."""

    def __init__(self, dtype: DTypeLike, rows_only: Collection[str] = ()):
        """`rows_only`: the functions that are not compiled for tiles."""
        self._rows_only = rows_only
        self.constants = Constants(np.dtype(dtype))
        self.functions: list[Function] = []
        self.called: set[str] = set()
        self.special: dict[str, str] = {}

    @property
    def real(self) -> str:
        return self.constants.real

    def add(self, name: str, tape: Tape) -> Function:
        """The function of a graph: inputs and outputs are rows, one after the other."""
        tape = spelt(tape, DIALECT)
        writer = Writer(self.constants)
        head, kept, parameters, inputs = _loaded(writer, tape)
        statements = writer.write(tape)
        tail, outputs = _stored(writer, tape)
        parameters += [f"{self.real} *{name}" for name in outputs]
        kept |= {view.place for view in tail[1] if isinstance(view.place, Buffer)}
        placed, lengths = offsets(statements, kept)
        numbers = {buffer.number: place for buffer, place in placed.items()}
        text = "\n".join([*head, *_lines(statements, "  "), *tail[0]])
        text = re.sub(r"@(\d+)\+(\d+)@", lambda m: str(numbers[int(m[1])] + int(m[2])), text)
        self.called |= writer.called
        for special, formula in sorted(writer.special.items()):
            self._special(special, formula)
        arrays = _arrays(writer, lengths)
        function = Function(name, inputs, outputs, parameters, arrays, text)
        self.functions.append(function)
        return function

    def _special(self, op: str, formula: Callable[[Any, Any], Any]) -> None:
        """The function of one number that a formula of the vocabulary is."""
        letter = "f" if self.real == "float" else "d"
        if op in self.special or f"{op}_{letter}" in definitions():
            return
        ops = TapeOps(self.constants.dtype)
        x = ops.input("x", (BATCH,), ops.dtype)
        ops.output("y", formula(ops, x))
        writer = Writer(self.constants)
        tape = simplified(ops.tape)
        names: dict[Entry, str] = {tape.inputs["x"]: "x"}
        lines: list[str] = []
        for entry in tape.entries:
            kinds = ex.kinds_of_operands(
                entry.op,
                writer.kind_of(entry),
                [writer.kind_of(o) if isinstance(o, Entry) else None for o in entry.operands],
            )
            values = [
                names[o]
                if isinstance(o, Entry)
                else self.constants.literal(np.asarray(o).reshape(-1)[0], k)
                for o, k in zip(entry.operands, kinds, strict=True)
            ]
            kind = writer.kind_of(entry)
            name = names[entry] = f"v{len(lines)}"
            if entry.op in ex.SPECIAL:
                self._special(entry.op, getattr(Ops, entry.op))
                text = writer.call(f"{entry.op}_t({values[0]})")
            else:
                text = writer.call(ex.TEMPLATES[entry.op].format(*values))
            lines.append(f"  const {self.constants.c_type(kind)} {name} = {text};")
        result = names[tape.outputs["y"]]
        body = "\n".join(lines)
        self.called |= writer.called
        self.special[op] = (
            f"INLINE {self.real} {op}_{letter}({self.real} x) {{\n{body}\n  return {result};\n}}"
        )

    def prelude(self, lent: Lent = NOTHING) -> str:
        """What stands once in a file: elementary functions, and fixed numbers."""
        parts = [f"#define REAL {self.real}", *needed(self.called), *self.special.values()]
        if self.constants.has_matrices:
            parts.append(MATRIX.strip())
        if lent.parameters:
            parts.append(DEFINITION.strip())
        without = lent.weights.names if lent.weights else ()
        return "\n\n".join([*parts, *self.constants.texts(without)])

    def passes(self, lent: Lent = NOTHING) -> str:
        """What is compiled for each T and each instruction set."""
        found = []
        if self.constants.has_matrices:
            found.append(files("flowspec.ops.c").joinpath("dense.c").read_text().strip())
        for function in self.functions:
            parameters = ", ".join([*function.parameters, *lent.parameters.values()])
            body = "\n".join([*lent.lines(function.arrays, function.body), function.body])
            text = f"static void PASS({function.name})({parameters}) {{\n{body}\n}}"
            if function.name in self._rows_only:
                text = f"#if T == 1\n{text}\n#endif"
            found.append(text)
        return "\n\n".join(found)


def _loaded(writer: Writer, tape: Tape) -> tuple[list[str], set[Any], list[str], dict[str, Any]]:
    """Lines that take the rows of inputs into scratch memory, and parameters of the function."""
    lines: list[str] = []
    parameters = ["int rows"]
    inputs: dict[str, tuple[str, int | None]] = {}
    kept: set[Any] = set()
    if any(entry.op == "arange" for entry in tape.entries):
        parameters.append("uint64_t row")
    lines.append("  (void)rows;")
    counted = {x for e in tape.entries if e.op == "arange" for x in e.operands}
    for name, entry in tape.inputs.items():
        if entry in counted:  # the caller says how many rows there are
            continue
        shape, rows = of_event(entry.shape)
        kind = writer.kind_of(entry)
        c_type = writer.constants.c_type(kind)
        size = int(np.prod(shape)) if shape else 1
        view = View(writer.buffer(kind, rows, size), 0, shape, contiguous(shape), rows, kind)
        writer.places[entry] = view
        kept.add(view.place)
        if not rows:
            parameters.append(f"{c_type} {name}")
            lines.append(f"  {view.at('')} = {name};")
            inputs[name] = (kind, None)
            continue
        parameters.append(f"const {c_type} *{name}")
        inputs[name] = (kind, size)
        lines.append(f"  for (int i = 0; i < {size}; i++)")
        taken = f"{name}[(j < rows ? j : 0) * {size} + i]"
        lines.append(f"    ROWS {view.at('i')} = {taken};")
    return lines, kept, parameters, inputs


def _stored(writer: Writer, tape: Tape) -> tuple[tuple[list[str], list[View]], dict[str, int]]:
    """Lines that give the outputs to the caller."""
    lines: list[str] = []
    views: list[View] = []
    outputs: dict[str, int] = {}
    for name, value in tape.outputs.items():
        view = writer.view(value)
        views.append(view)
        size = int(np.prod(view.shape)) if view.shape else 1
        outputs[name] = size
        index = (
            " + ".join(
                f"i / {int(np.prod(view.shape[axis + 1 :]))} % {n} * {view.strides[axis]}"
                for axis, n in enumerate(view.shape)
            )
            if not view.is_contiguous
            else "i"
        )
        at = view.at(index if size > 1 else "")
        lines.append("  for (int j = 0; j < rows; j++)")
        lines.append(f"    for (int i = 0; i < {size}; i++) {name}[j * {size} + i] = {at};")
    return (lines, views), outputs


def _lines(statements: Sequence[Statement | Turns], indent: str) -> list[str]:
    lines: list[str] = []
    for one in statements:
        if isinstance(one, Turns):
            lines.append(indent + one.head)
            lines += ["  " + line for line in _lines(one.body, indent)]
            lines.append(indent + "}")
        else:
            lines += one.lines
    return lines


def _arrays(writer: Writer, lengths: dict[str, int]) -> list[Array]:
    """Scratch memory."""
    kinds = {buffer.array: buffer for buffer in writer.buffers}
    return [
        Array(name, writer.constants.c_type(kinds[name].kind), length, kinds[name].rows)
        for name, length in sorted(lengths.items())
    ]
