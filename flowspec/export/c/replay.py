"""A program of C that replays the vectors of a native flow: it exits with 0, or with 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
/* Replays the conformance vectors of {name}: cc -O2 {name}.c replay.c && ./a.out */
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


def replay_program(name: str, real: str, vectors: Mapping[str, Any]) -> str:
    """The text of `replay.c`."""
    dtype = np.dtype("float32" if real == "float" else "float64")
    numbers = Constants(dtype)
    body: list[str] = []
    for graph, (call, outputs) in CALLS.items():
        if graph in vectors:
            body += _case(numbers, name, graph, call, outputs, vectors)
    return "\n".join(
        [
            HEAD.format(name=name, real=real),
            "#define ALIGNED",
            *numbers.texts,
            "",
            "int main(void) {",
            *body,
            "  return failures != 0;",
            "}",
            "",
        ]
    )


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
