"""A program of C that calls functions of a `Library` on rows, in memory of exactly their size."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from c_library import Library

HEAD = """
#include <stdio.h>
#include <stdlib.h>
static FILE *file;
static void *taken(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory || fread(memory, 1, size, file) != size) exit(2);
  return memory;
}
"""


class Program:
    """Calls that are made twice: for tiles, and row by row.

    program = Program(library); program.add("f", {"x": x}); program.run(folder, "clang", "-O0")
    """

    def __init__(self, library: Library):
        self._library = library
        self._blocks: list[str] = []
        self._data = bytearray()

    def add(self, name: str, feeds: Mapping[str, np.ndarray]) -> None:
        function, dtype = self._library.functions[name], self._library.dtype
        rows = len(next(value for value in feeds.values() if np.ndim(value)))
        arguments, lines = [str(rows)], []
        for parameter in function.parameters:
            value = parameter.split()[-1].lstrip("*")
            if value in function.outputs:
                size = rows * function.outputs[value] * dtype.itemsize
                lines.append(f"    REAL *{value} = (REAL *)malloc({size});")
            elif value in function.inputs:
                data = np.ascontiguousarray(feeds[value], dtype).tobytes()
                self._data += data
                lines.append(f"    REAL *{value} = (REAL *)taken({len(data)});")
            else:
                continue
            arguments.append(value)
        lines += [
            f'    fputs("{name}\\n", stderr);',
            "    for (one_by_one = 0; one_by_one < 2; one_by_one++)",
            f"      call_{name}({', '.join(arguments)});",
            *(f"    free({value});" for value in arguments[1:]),
        ]
        self._blocks.append("\n".join(["  {", *lines, "  }"]))

    def run(self, folder: Path, compiler: str, *flags: str) -> subprocess.CompletedProcess[str]:
        """What it says: on standard error the names of the functions, as they are called."""
        main = ["int main(void) {", '  file = fopen("rows", "rb");', *self._blocks, "}"]
        (folder / "all.c").write_text("\n".join([self._library.source(), HEAD, *main]))
        (folder / "rows").write_bytes(self._data)
        line = [compiler, "-std=c99", "-w", *flags, "all.c", "-o", "all", "-lm"]
        subprocess.run(line, cwd=folder, check=True)
        return subprocess.run([folder / "all"], cwd=folder, capture_output=True, text=True)
