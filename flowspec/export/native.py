"""A flow as plain C: `native/NAME.h`, `native/NAME.c`, and a program that replays its vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export import quoting
from flowspec.export.graphs import (
    from_noise_graph,
    log_prob_grad_graph,
    noise_graph,
    to_base_graph,
)
from flowspec.export.native_replay import replay_program
from flowspec.export.quoting import in_comment
from flowspec.export.targets import Target
from flowspec.model.model import Model
from flowspec.ops.c.source import HEAD, File, Function
from flowspec.runtime.native import FOLDER, SYMBOL, c_name
from flowspec.runtime.signatures import WHOLE_NUMBERS
from flowspec.version import VERSION

MOST_STACK = 64 * 1024
"""Bytes of scratch memory on the stack, that fit into the fast caches."""

SPILLED = 4096
"""Bytes of the stack beside scratch memory: what compilers spill, and the frames of callers."""

TILES = (16, 8)
"""Rows that are worked out together: 8 where 16 would take too much memory."""

FEW = 4
"""Up to so many rows are worked out one by one."""

RECORDERS = {
    "to_base": to_base_graph,
    "from_noise": from_noise_graph,
    "noise": noise_graph,
    "log_prob_grad": log_prob_grad_graph,
}
"""What the functions are made of."""

ROWS_ONLY = ("log_prob_grad",)
"""What is worked out row by row: a tile of it does not fit into the fast caches."""


@mistake
class NoCName(Diagnostic):
    message = "`{name}` is no name in C"
    help = "write letters, digits and _, such as `--name {instead}`"
    name: str
    instead: str


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
class CSettings:
    """How the C of a flow is written.

    name         of all functions, an identifier of C
    exact_bits   True for the same bits from every compiler and instruction set: without fused
                 multiply-adds
    """

    name: str
    exact_bits: bool = False


def native_files(
    model: Model, target: Target, settings: CSettings, vectors: Mapping[str, Any]
) -> dict[str, bytes]:
    """The files of C, by their names in the bundle. Same input, same bytes.

    vectors  as in `vectors.json`
    Errors:  FlowError, where the name is none of C.
    """
    name = settings.name
    if not re.fullmatch(SYMBOL, name):
        raise FlowError(NoCName(name=name, instead=c_name(name)))
    source = File(target.dtype, ROWS_ONLY)
    staged = replace(target, keeps_stages=True)
    functions = {
        graph: source.add(graph, record(model.fixed, staged)) for graph, record in RECORDERS.items()
    }
    tile = _tile(functions)
    written = _Native(model, source, name, functions, tile, settings.exact_bits)
    return {
        f"{FOLDER}/{name}.h": written.header().encode(),
        f"{FOLDER}/{name}.c": written.source().encode(),
        f"{FOLDER}/replay.c": replay_program(name, source.real, vectors).encode(),
    }


def _tile(functions: Mapping[str, Function]) -> int:
    return next((tile for tile in TILES if _stack(functions, tile) <= MOST_STACK), TILES[-1])


def _stack(functions: Mapping[str, Function], tile: int) -> int:
    """Bytes of the largest function."""
    return max(
        (1 if name in ROWS_ONLY else tile) * function.scratch[0] + function.scratch[1]
        for name, function in functions.items()
    )


@dataclass(frozen=True)
class _Native:
    """The texts of the files of one flow."""

    model: Model
    file: File
    name: str
    functions: Mapping[str, Function]
    tile: int
    exact_bits: bool

    # --- header -----------------------------------------------------------------------------------

    def header(self) -> str:
        flow, name, real = self.model.flow, self.name, self.file.real
        upper = name.upper()
        context = list(flow.context.names) if flow.context else []
        stack = _stack(self.functions, self.tile) + SPILLED
        declared = [
            f"/* {line} */\n{self._signature(entry)};"
            for entry in self._entries()
            for line in [_wrapped(entry.doc)]
        ]
        latent = ", ".join(dict.fromkeys(self.model.fixed.base.latent))
        return f"""\
/* {name}: a normalizing flow, written by FlowSpec {VERSION}.

   columns: {_words(flow.columns)}
   support: {self.model.fixed.space}
   context: {_words(context) or "none"}
   noise:   {_words(flow.noise)} (standard draws, column by column)
   latent:  {latent} (the distribution of what {name}_to_base gives)

   All rows stand one after the other: x is n rows of {upper}_COLUMNS numbers. Nothing is allocated,
   and nothing is kept between calls: every function may be called from many threads at once. The
   largest takes at most {stack} bytes of the stack. Log-densities are natural logarithms: -INFINITY
   outside the support, NaN where a row holds NaN. {self._context()}
   {self._bits()} */

#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_COLUMNS {len(flow.columns)}
#define {upper}_CONTEXT {len(context)}
#define {upper}_NOISE {len(flow.noise)}
#define {upper}_STACK {stack}

extern const char *const {name}_columns[{upper}_COLUMNS];
extern const char {name}_support[];

{chr(10).join(declared)}

/* The same functions of any flow of {real} numbers, for callers that choose one at run time. */
#ifndef FLOWSPEC_FLOW_{real.upper()}
#define FLOWSPEC_FLOW_{real.upper()}
typedef struct {{
  size_t columns, context, noise;
  const char *const *column_names;
  const char *support;
{self._pointers()}
}} flowspec_flow_{real};
#endif
extern const flowspec_flow_{real} {name}_flow;

#ifdef __cplusplus
}}
#endif

#endif
"""

    def _context(self) -> str:
        if self.model.flow.context:
            return f"`context` is n rows of {self.name.upper()}_CONTEXT numbers."
        return "`context` may be NULL: the flow has none."

    def _bits(self) -> str:
        if self.exact_bits:
            return (
                "Every compiler, instruction set and WebAssembly gives the same bits, one row\n"
                "   alone or in a batch of any size."
            )
        return "Products and sums are fused where the machine can, so that last digits may differ."

    def _entries(self) -> list[Entry]:
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

    def _parameters(self, entry: Entry) -> str:
        real = self.file.real
        parts = [
            f"int64_t {name}" if name in WHOLE_NUMBERS else f"const {real} *{name}"
            for name in entry.inputs
        ]
        return ", ".join([*parts, *(f"{real} *{name}" for name in entry.outputs), "size_t n"])

    def _signature(self, entry: Entry) -> str:
        return f"void {self.name}_{entry.name}({self._parameters(entry)})"

    def _pointers(self) -> str:
        return "\n".join(f"  void (*{e.name})({self._parameters(e)});" for e in self._entries())

    # --- source -----------------------------------------------------------------------------------

    def source(self) -> str:
        name, upper = self.name, self.name.upper()
        text = files("flowspec.ops.c")
        begin = text.joinpath("vectors.c").read_text().strip()
        end = text.joinpath("vectors_end.c").read_text().strip()
        fused = "off" if self.exact_bits else "fast"
        head = HEAD.replace("fp-contract=off", f"fp-contract={fused}").replace(
            "FP_CONTRACT OFF", "FP_CONTRACT " + ("OFF" if self.exact_bits else "ON")
        )
        columns = ", ".join(map(quoting.c, self.model.flow.columns))
        entries = "\n\n".join(self._definition(entry) for entry in self._entries())
        pointers = ", ".join(f"{name}_{entry.name}" for entry in self._entries())
        return f"""\
/* {name}.c, written by FlowSpec {VERSION}: see {name}.h. It includes itself: the part below
   {upper}_PASS is compiled for single rows and for tiles of {self.tile}, and for each instruction
   set that is chosen from at run time. */

#ifndef {upper}_PASS
#include "{name}.h"

{head.strip()}

#define REAL_BYTES {4 if self.file.real == "float" else 8}
{self.file.prelude()}

#define {upper}_PASS

/* The vectors that the flags of the compiler allow. */
#if defined(__AVX512F__)
#define VECTOR_HERE 64
#elif defined(__AVX__)
#define VECTOR_HERE 32
#elif defined(__GNUC__)
#define VECTOR_HERE 16
#endif

/* Without them, longer ones are compiled as well, and chosen at run time. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(__AVX__) && !defined(FLOWSPEC_NO_DISPATCH)
#define DISPATCH 1
#else
#define DISPATCH 0
#endif

{self._pass("row", "", "VECTOR_HERE")}

#if DISPATCH
{self._wide("avx2,fma", "_avx2", "32", ("row", "tile"))}

{self._wide("avx512f,avx512dq,avx512vl,avx512bw,fma", "_avx512", "64", ("tile",))}

static int level(void) {{
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}}
/* Machines without them get rows one by one. */
#define TILES level()
#define RUN_ROW(function, arguments) \\
  if (level()) function##_row_avx2 arguments; else function##_row arguments;
#define RUN_TILE(function, arguments) \\
  if (level() == 2) function##_tile_avx512 arguments; else function##_tile_avx2 arguments;
#else
{self._pass("tile", "", "VECTOR_HERE")}
#define TILES 1
#define RUN_ROW(function, arguments) function##_row arguments;
#define RUN_TILE(function, arguments) function##_tile arguments;
#endif

const char *const {name}_columns[{upper}_COLUMNS] = {{{columns}}};
const char {name}_support[] = "{self.model.fixed.space}";

{entries}

const flowspec_flow_{self.file.real} {name}_flow = {{
  {upper}_COLUMNS, {upper}_CONTEXT, {upper}_NOISE, {name}_columns, {name}_support,
  {pointers}
}};

#else

{begin}

{self.file.passes()}

{end}

#endif
"""

    def _pass(self, shape: str, ending: str, vector: str) -> str:
        """The functions for one row, or for a tile, with vectors of so many bytes."""
        rows = 1 if shape == "row" else self.tile
        length = f"#define VECTOR {vector}\n"
        if not ending:
            length = f"#ifdef {vector}\n{length}#endif\n"
        return (
            f"#define PASS(function) function##_{shape}{ending}\n#define T {rows}\n{length}"
            f'#include "{self.name}.c"\n#undef PASS\n#undef T\n#undef VECTOR'
        )

    def _wide(self, features: str, ending: str, vector: str, shapes: tuple[str, ...]) -> str:
        passes = "\n".join(self._pass(shape, ending, vector) for shape in shapes)
        return f"""\
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("{features}"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("{features}")
#endif
{passes}
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif"""

    def _definition(self, entry: Entry) -> str:
        steps = {"log_prob": ["to_base"], "sample": ["noise", "from_noise"]}.get(
            entry.name, [entry.name]
        )
        used = {_name(p) for step in steps for p in self.functions[step].parameters}
        given = (*entry.inputs, *entry.outputs)
        lines = [f"{self._signature(entry)} {{"]
        lines += [f"  (void){name};" for name in given if name not in used]
        rows_only = entry.name in ROWS_ONLY
        tile = 1 if rows_only else self.tile
        between = {"log_prob": ["z"], "sample": ["noise"]}.get(entry.name, [])
        optional = ["log_prob"] if entry.name in OPTIONAL else []
        for name in between + optional:
            lines.append(f"  {self.file.real} own_{name}[{self._row_of(name) * tile}];")
        lines.append("  for (size_t at = 0; at < n;) {")
        own = {name: f"own_{name}" for name in between}
        own |= {name: f"{name} ? {name} + at : own_{name}" for name in optional}
        if rows_only:
            lines.append("    const int rows = 1;")
            lines += [f"    RUN_ROW({step}, ({self._arguments(step, own)}))" for step in steps]
        else:
            lines.append("    const size_t left = n - at;")
            few = f"left < {self.tile} ? (int)left : {self.tile}"
            lines.append(f"    const int rows = left <= {FEW} || !TILES ? 1 : ({few});")
            for head, run in (("if (rows == 1) {", "RUN_ROW"), ("} else {", "RUN_TILE")):
                lines.append(f"    {head}")
                lines += [f"      {run}({step}, ({self._arguments(step, own)}))" for step in steps]
            lines.append("    }")
        return "\n".join([*lines, "    at += (size_t)rows;", "  }", "}"])

    def _row_of(self, name: str) -> int:
        return next(
            function.outputs[name]
            for function in self.functions.values()
            if name in function.outputs
        )

    def _arguments(self, step: str, own: Mapping[str, str]) -> str:
        """The arguments of a function for the rows from `at` on."""
        function, given = self.functions[step], []
        for parameter in function.parameters:
            name = _name(parameter)
            if name == "row":
                given.append("(uint64_t)at")
            elif name == "rows":
                given.append(name)
            elif name in own:
                given.append(own[name])
            elif parameter.startswith("uint64_t"):
                given.append(f"(uint64_t){name}")
            else:
                size = function.outputs.get(name) or function.inputs[name][1]
                given.append(f"{name} + at * {size}")
        return ", ".join(given)


def _name(parameter: str) -> str:
    return parameter.split()[-1].lstrip("*")


def _words(names: Any) -> str:
    return in_comment(", ".join(names))


def _wrapped(text: str) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 92:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    return "\n   ".join([*lines, line])
