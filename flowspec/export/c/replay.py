"""A program of C that replays the vectors of a native flow: it exits with 0, or with 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowspec.export.c.flow import CFlow
from flowspec.ops.c.constants import Constants
from flowspec.ops.c.values import REAL
from flowspec.runtime.verification import unlisted

CALLS = {
    "log_prob": ("{x}, {context}, {log_prob}, {n}", ("log_prob",)),
    "to_base": ("{x}, {context}, {z}, {log_prob}, {n}", ("z", "log_prob")),
    "from_noise": ("{noise}, {context}, {x}, {log_prob}, {n}", ("x", "log_prob")),
    "sample": ("{seed}, {first_row}, {context}, {x}, {log_prob}, {n}", ("x", "log_prob")),
    "log_prob_grad": (
        "{x}, {context}, {log_prob}, {x_grad}, {context_grad}, {n}",
        ("log_prob", "x_grad", "context_grad"),
    ),
}
"""The arguments of each function, and what it gives."""

HEAD = """\
/* Replays the conformance vectors of {name}: cc -O2 {name}.c replay.c -lm && ./a.out{argument} */
#include "{name}.h"

#include <math.h>
#include <stdio.h>

static int failures;

/* The largest difference, relative to 1 + |value|, of the rows that count. */
static void compare(const char *what, const {real} *found, const {real} *expected,
                    const unsigned char *counts, size_t rows, size_t columns, double allowed) {{
  double worst = 0;
  for (size_t i = 0; i < rows * columns; i++) {{
    const double a = (double)found[i], b = (double)expected[i];
    double apart = fabs(a - b) / (1 + fabs(b));
    if (!counts[i / columns] || a == b || (a != a && b != b)) continue;
    if (!(apart <= 1e300)) apart = INFINITY;
    if (apart > worst) worst = apart;
  }}
  printf("%-26s %10.1e of %.0e  %s\\n", what, worst, allowed, worst <= allowed ? "ok" : "differs");
  failures += !(worst <= allowed);
}}
"""


ALIGN = """
/* The first address at or behind this one that is a multiple of 64. */
static void *aligned(unsigned char *bytes) { return bytes + (64 - (uintptr_t)bytes % 64) % 64; }
"""

READ = """
/* The weights of the flow; NULL, with words, where a file has others. */
static const void *weights_in(const char *path) {{
  static unsigned char bytes[{upper}_WEIGHTS_BYTES + 64];
  unsigned char *const weights = (unsigned char *)aligned(bytes);
  FILE *const file = fopen(path, "rb");
  size_t size = 0;
  if (file) {{
    size = fread(weights, 1, {upper}_WEIGHTS_BYTES + 1, file);
    fclose(file);
  }}
  if ({name}_weights_check(weights, size) == 0) return weights;
  printf("%s does not hold the weights of {name}\\n", path);
  return NULL;
}}
"""


def replay_program(flow: CFlow, vectors: Mapping[str, Any]) -> str:
    """The text of `replay.c`."""
    name, upper, real = flow.name, flow.name.upper(), flow.file.real
    dtype = np.dtype("float32" if real == "float" else "float64")
    numbers = Constants(dtype)
    body: list[str] = []
    lent = list(flow.lent.parameters)
    for graph, (call, outputs) in CALLS.items():
        if graph in vectors:
            body += _case(numbers, name, graph, ", ".join([call, *lent]), outputs, vectors)
    has_weights = "weights" in lent
    texts = [ALIGN] if lent else []
    texts += [READ.format(name=name, upper=upper)] if has_weights else []
    argument = f" {name}.weights" if has_weights else ""
    main = "int main(int count, char **arguments) {" if has_weights else "int main(void) {"
    return "\n".join(
        [
            HEAD.format(name=name, real=real, argument=argument),
            *texts,
            "#define ALIGNED",
            *numbers.texts(),
            "",
            main,
            *(line for word in lent for line in _lent(word, name)),
            *body,
            "  return failures != 0;",
            "}",
            "",
        ]
    )


def _lent(word: str, name: str) -> list[str]:
    """Lines that have what the functions take from their caller."""
    if word == "scratch":
        return [
            f"  static unsigned char bytes[{name.upper()}_SCRATCH_BYTES + 63];",
            "  void *const scratch = aligned(bytes);",
        ]
    path = f'count > 1 ? arguments[1] : "{name}.weights"'
    return [
        f"  const void *const weights = weights_in({path});",
        "  if (!weights) return 1;",
    ]


def _case(
    numbers: Constants,
    name: str,
    graph: str,
    call: str,
    outputs: Sequence[str],
    vectors: Mapping[str, Any],
) -> list[str]:
    case = vectors[graph]
    known = {o: unlisted(case[o]["parity"], numbers.dtype) for o in outputs if o in case}
    rows = len(known["log_prob"])
    skipped = {*case.get("subnormal", ()), *case.get("unsettled", ())}
    counts = "".join("\\0" if row in skipped else "\\1" for row in range(rows))
    allowed = (case.get("tolerance") or vectors["tolerance"])["relative"]
    arguments: dict[str, str] = {"n": str(rows), "context": "NULL", "context_grad": "NULL"}
    for key in ("x", "noise", "context"):
        if key in case and key not in known:
            table = numbers.table(unlisted(case[key], numbers.dtype), REAL)
            arguments[key] = table
    for key in ("seed", "first_row"):
        if key in case:
            arguments[key] = f"INT64_C({case[key]})"
    lines = ["  {"]
    for key, value in known.items():
        arguments[key] = f"found_{key}"
        lines.append(f"    static {numbers.real} found_{key}[{value.size}];")
    lines.append(f"    {name}_{graph}({call.format(**arguments)});")
    for key, value in known.items():
        columns = value.size // rows
        table = numbers.table(value, REAL)
        lines.append(
            f'    compare("{graph} {key}", found_{key}, {table},\n'
            f'            (const unsigned char *)"{counts}", {rows}, {columns}, {allowed:g});'
        )
    return [*lines, "  }"]
