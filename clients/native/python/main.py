"""python main.py LIBRARY VECTORS: samples and densities, with the standard library alone."""

import ctypes
import math
import sys
from pathlib import Path

library = ctypes.CDLL(sys.argv[1])
floats, size, int64 = ctypes.POINTER(ctypes.c_float), ctypes.c_size_t, ctypes.c_int64
library.flow_log_prob.argtypes = [floats, floats, floats, size]
library.flow_sample.argtypes = [int64, int64, floats, floats, floats, size]
library.flow_log_prob.restype = library.flow_sample.restype = None


def array(values):
    return (ctypes.c_float * len(values))(*values)


def log_prob(x, context, rows):
    found = array([0.0] * rows)
    library.flow_log_prob(array(x), array(context), found, rows)
    return list(found)


def sample(seed, first_row, context, rows, columns):
    x, found = array([0.0] * rows * columns), array([0.0] * rows)
    library.flow_sample(seed, first_row, array(context), x, found, rows)
    return list(x), list(found)


def same(found, expected, tolerance):
    return all(
        a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= tolerance * (1 + abs(b))
        for a, b in zip(found, expected, strict=True)
    )


def table(words, rows, widths):
    """Rows of several tables side by side, as one list for each table."""
    parts = [[] for _ in widths]
    for _ in range(rows):
        for part, width in zip(parts, widths, strict=True):
            part += [float(next(words)) for _ in range(width)]
    return parts


words = iter(Path(sys.argv[2]).read_text().split())
columns, variables = int(next(words)), int(next(words))
tolerance, rows = float(next(words)), int(next(words))
x, context, density = table(words, rows, (columns, variables, 1))
right = same(log_prob(x, context, rows), density, tolerance)

tolerance, rows = float(next(words)), int(next(words))
seed, first_row = int(next(words)), int(next(words))
context, x, density = table(words, rows, (variables, columns, 1))
drawn, found = sample(seed, first_row, context, rows, columns)
right = right and same(drawn, x, tolerance) and same(found, density, tolerance)
print("ok" if right else "differs")
sys.exit(not right)
