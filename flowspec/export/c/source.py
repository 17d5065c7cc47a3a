"""The source of a flow in C: the functions that callers see, over those of the tapes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from flowspec.export import quoting
from flowspec.export.c.flow import CFlow, Entry
from flowspec.export.templates import filled
from flowspec.ops.c.lent import MULTIPLIER, room
from flowspec.ops.c.source import HEAD
from flowspec.version import VERSION

FEW = 4
"""Up to so many rows are worked out one by one."""

AVX2 = ("avx2,fma", "_avx2", "32")
AVX512 = ("avx512f,avx512dq,avx512vl,avx512bw,fma", "_avx512", "64")
"""Features of instruction sets, the endings of their functions, and the bytes of their vectors."""


def source(flow: CFlow) -> str:
    """The text of `NAME.c`."""
    kernels = files("flowspec.ops.c")
    fused, pragma = ("off", "OFF") if flow.exact_bits else ("fast", "ON")
    head = HEAD.replace("fp-contract=off", f"fp-contract={fused}")
    values = {
        "WIDE": _wide(flow, *AVX2, ("row", "tile")),
        "WIDEST": _wide(flow, *AVX512, ("tile",)),
        "COLUMNS": ", ".join(map(quoting.c, flow.model.flow.columns)),
        "FUNCTIONS": "\n\n".join(_definition(flow, entry) for entry in flow.entries),
        "HEAD": head.replace("FP_CONTRACT OFF", f"FP_CONTRACT {pragma}").strip(),
        "CHECK": _check(flow),
        "LENT_BYTES": "".join(f" {flow.name.upper()}_{word}_BYTES," for word in flow.lent_words),
        "PASSES": flow.file.passes(flow.lent),
        "POINTERS": ", ".join(f"{flow.name}_{entry.name}" for entry in flow.entries),
        "PRELUDE": flow.file.prelude(flow.lent),
        "TYPE": flow.struct,
        "REAL": flow.file.real,
        "REAL_BYTES": flow.file.constants.dtype.itemsize,
        "ROW": _pass(flow, "row", "", "VECTOR_HERE"),
        "SUPPORT": flow.model.fixed.space,
        "TILE": flow.tile,
        "TILES": _pass(flow, "tile", "", "VECTOR_HERE"),
        "VECTORS": kernels.joinpath("vectors.c").read_text().strip(),
        "VECTORS_END": kernels.joinpath("vectors_end.c").read_text().strip(),
        "NAME": flow.name,
        "UPPER": flow.name.upper(),
        "VERSION": VERSION,
    }
    template = files(__package__).joinpath("flow.c.in").read_text()
    return filled(template, {word: str(value) for word, value in values.items()})


def _pass(flow: CFlow, shape: str, ending: str, vector: str) -> str:
    """The functions for one row, or for a tile, with vectors of so many bytes."""
    rows = 1 if shape == "row" else flow.tile
    length = f"#define VECTOR {vector}\n"
    if not ending:
        length = f"#ifdef {vector}\n{length}#endif\n"
    return (
        f"#define PASS(function) function##_{shape}{ending}\n#define T {rows}\n{length}"
        f'#include "{flow.name}.c"\n#undef PASS\n#undef T\n#undef VECTOR'
    )


def _wide(flow: CFlow, features: str, ending: str, vector: str, shapes: tuple[str, ...]) -> str:
    passes = "\n".join(_pass(flow, shape, ending, vector) for shape in shapes)
    bits = 8 * int(vector)
    return f"""\
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("{features}"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width({bits}))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("{features}")
#endif
{passes}
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif"""


def _definition(flow: CFlow, entry: Entry) -> str:
    used = {_name(p) for step in entry.steps for p in flow.functions[step].parameters}
    given = (*entry.inputs, *entry.outputs)
    lines = [f"{flow.signature(entry)} {{"]
    lines += [f"  (void){name};" for name in given if name not in used]
    lines += _own(flow, entry)
    lines.append("  for (size_t at = 0; at < n;) {")
    own = {name: f"own_{name}" for name in entry.between}
    own |= {name: f"{name} ? {name} + at : own_{name}" for name in entry.optional}
    steps = [f"({step}, ({_arguments(flow, step, own)}))" for step in entry.steps]
    if entry.rows_only:
        lines.append("    const int rows = 1;")
        lines += [f"    RUN_ROW{step}" for step in steps]
    else:
        lines.append("    const size_t left = n - at;")
        few = f"left < {flow.tile} ? (int)left : {flow.tile}"
        lines.append(f"    const int rows = left <= {FEW} || !TILES ? 1 : ({few});")
        for head, run in (("if (rows == 1) {", "RUN_ROW"), ("} else {", "RUN_TILE")):
            lines += [f"    {head}", *(f"      {run}{step}" for step in steps)]
        lines.append("    }")
    return "\n".join([*lines, "    at += (size_t)rows;", "  }", "}"])


def _own(flow: CFlow, entry: Entry) -> list[str]:
    """The declarations of what stands between the steps of a function."""
    own, tile = flow.own(entry), flow.tile_of(entry)
    if not flow.lent.scratch:
        return [f"  {each.c_type} {each.name}[{each.length * tile}];" for each in own]
    places = [room(own[:i], tile) for i in range(len(own))]
    return [
        *(
            f"  {each.c_type} *const {each.name} = LENT({each.c_type}, (char *)scratch + {at});"
            for each, at in zip(own, places, strict=True)
        ),
        f"  char *const room = (char *)scratch + {room(own, tile)};",
    ]


def _arguments(flow: CFlow, step: str, own: Mapping[str, str]) -> str:
    """The arguments of a function for the rows from `at` on."""
    function, given = flow.functions[step], list[str]()
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
    lent = {"weights": "weights", "scratch": "room"}
    return ", ".join([*given, *(lent[name] for name in flow.lent.parameters)])


def _check(flow: CFlow) -> str:
    """The function that tells the weights of the flow from other bytes."""
    if flow.lent.weights is None:
        return ""
    word = "uint32_t" if flow.file.real == "float" else "uint64_t"
    return f"""
int {flow.name}_weights_check(const void *weights, size_t size) {{
  uint64_t sum = 0;
  if (!weights || (uintptr_t)weights % 64 != 0) return 1;
  if (size != {flow.name.upper()}_WEIGHTS_BYTES) return 2;
  for (size_t at = 0; at < size; at += sizeof({word})) {{
    {word} bits;
    memcpy(&bits, (const char *)weights + at, sizeof bits);
    sum = sum * UINT64_C({MULTIPLIER}) + bits;
  }}
  return sum == UINT64_C({flow.lent.weights.sum}) ? 0 : 3;
}}
"""


def _name(parameter: str) -> str:
    return parameter.split()[-1].lstrip("*")
