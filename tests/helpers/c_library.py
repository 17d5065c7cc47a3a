"""Functions of C that were written from tapes, compiled together and called on arrays."""

from __future__ import annotations

import ctypes
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np

from flowspec.ops.c.source import HEAD, File
from flowspec.ops.tape import Tape

TILE = 8
CALLS = """void call_{name}({parameters}) {{
  for (size_t at = 0; at < count;) {{
    const size_t left = count - at;
    const int rows = one_by_one ? 1 : (left < {tile} ? (int)left : {tile});
    (void)rows;
    if (one_by_one) {name}_row({arguments}); else {name}_tile({arguments});
    at += (size_t)rows;
  }}
}}
"""


class Library:
    """Functions of one float type.

    library = Library("float32"); library.add("f", tape); library.build(folder)
    outputs = library.call("f", {"x": x})
    """

    def __init__(self, dtype: str, rows_only: str = "?"):
        """`rows_only`: the ending of the names of functions that are not compiled for tiles."""
        self.dtype = np.dtype(dtype)
        self._rows_only = rows_only
        self.functions = {}
        self._names: list[str] = []
        self.file = File(dtype, self._names)

    def add(self, name: str, tape: Tape) -> None:
        self.functions[name] = self.file.add(name, tape)
        if name.endswith(self._rows_only):
            self._names.append(name)

    def source(self) -> str:
        text = files("flowspec.ops.c")
        begin, end = (text.joinpath(f"{n}.c").read_text() for n in ("vectors", "vectors_end"))
        size = f"#define REAL_BYTES {self.dtype.itemsize}"
        parts = [HEAD, "int one_by_one;", self.file.prelude(), size]
        for rows, ending in ((TILE, "tile"), (1, "row")):
            parts += [
                f"#define T {rows}\n#define VECTOR 16\n#define PASS(name) name##_{ending}",
                begin,
                self.file.passes(),
                end,
                "#undef T\n#undef VECTOR\n#undef PASS",
            ]
        return "\n".join([*parts, *map(self._caller, self.functions)])

    def _caller(self, name: str) -> str:
        function = self.functions[name]
        taken = [p for p in function.parameters if p not in ("int rows", "uint64_t row")]
        arguments = []
        for parameter in function.parameters:
            value = parameter.split()[-1].lstrip("*")
            if value in ("rows", "row"):
                arguments.append("rows" if value == "rows" else "(uint64_t)at")
            elif "*" in parameter:
                size = function.outputs.get(value) or function.inputs[value][1]
                arguments.append(f"{value} + at * {size}")
            else:
                arguments.append(value)
        text = CALLS
        if name in self._names:
            text = text.replace("else {name}_tile({arguments});", "")
        return text.format(
            name=name,
            parameters=", ".join(["size_t count", *taken]),
            arguments=", ".join(arguments),
            tile=TILE,
        )

    def build(self, folder: Path, *flags: str, compiler: str = "cc", warnings: bool = True) -> None:
        """Compile all, without a warning: that takes gcc twice the time."""
        source, library = folder / "library.c", folder / "library.so"
        source.write_text(self.source())
        none = ["-Wall", "-Wextra", "-pedantic", "-Werror"] if warnings else ["-w"]
        line = [compiler, "-std=c99", *none, *flags]
        subprocess.run([*line, "-shared", "-fPIC", "-o", library, source], check=True)
        self.library = ctypes.CDLL(str(library))

    def call(self, name: str, feeds: dict[str, np.ndarray], *, one_by_one: bool = False):
        """The outputs by name, one row of numbers for each row that goes in."""
        ctypes.c_int.in_dll(self.library, "one_by_one").value = int(one_by_one)
        function = self.functions[name]
        points = {
            key: np.ascontiguousarray(feeds[key], self.dtype)
            for key, (_, size) in function.inputs.items()
            if size is not None
        }
        count = len(next(iter(points.values()))) if points else int(feeds["n"])
        found, arguments = {}, [ctypes.c_size_t(count)]
        for parameter in function.parameters:
            value = parameter.split()[-1].lstrip("*")
            if value in ("rows", "row"):
                continue
            if value in function.outputs:
                found[value] = np.full((count, function.outputs[value]), 77, self.dtype)
                arguments.append(found[value].ctypes.data_as(ctypes.c_void_p))
            elif value in points:
                arguments.append(points[value].ctypes.data_as(ctypes.c_void_p))
            else:
                arguments.append(ctypes.c_uint64(int(feeds[value]) % 2**64))
        getattr(self.library, f"call_{name}")(*arguments)
        return found
