"""The elementary functions of C against 50 digits: errors in units of the last place."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import mpmath
import numpy as np
import pytest

from flowspec.ops.c.elementary import needed
from flowspec.ops.c.source import HEAD

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

EVERYWHERE, POSITIVE = (-85.0, 85.0), (1e-37, 1e37)
FUNCTIONS = {
    "exp": (mpmath.exp, EVERYWHERE),
    "log": (mpmath.log, POSITIVE),
    "log1p": (mpmath.log1p, (-0.99, 1e6)),
    "expm1": (mpmath.expm1, (-30.0, 80.0)),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "tanh": (mpmath.tanh, (-12.0, 12.0)),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), EVERYWHERE),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), EVERYWHERE),
    "sin": (mpmath.sin, (-1000.0, 1000.0)),
    "cos": (mpmath.cos, (-1000.0, 1000.0)),
    "asin": (mpmath.asin, (-1.0, 1.0)),
    "acos": (mpmath.acos, (-1.0, 1.0)),
    "atan": (mpmath.atan, (-1e4, 1e4)),
    "sinh": (mpmath.sinh, EVERYWHERE),
    "asinh": (mpmath.asinh, (-1e6, 1e6)),
    "atanh": (mpmath.atanh, (-0.9999, 0.9999)),
    "floor": (mpmath.floor, (-1e6, 1e6)),
}
ALLOWED = {"f": 2.0, "d": 2.0}
MORE = {"tanh_d": 3.0, "asin_d": 3.0, "acos_d": 3.0, "atanh_d": 3.0, "asinh_d": 3.0, "sinh_d": 3.0}
"""Where two units are not enough."""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elementary")
    names = [f"{name}_{letter}" for name in FUNCTIONS for letter in "fd"]
    lines = [HEAD, *needed(names)]
    for name in names:
        real = "float" if name.endswith("f") else "double"
        lines.append(
            f"void all_{name}(const {real} *x, {real} *y, size_t n) {{\n"
            f"  for (size_t i = 0; i < n; i++) y[i] = {name}(x[i]);\n}}"
        )
    (folder / "all.c").write_text("\n".join(lines))
    line = ["cc", "-std=c99", "-O2", "-shared", "-fPIC", "-o", folder / "all.so", folder / "all.c"]
    subprocess.run(line, check=True)
    return ctypes.CDLL(str(folder / "all.so"))


def run(library, name, x):
    y = np.empty_like(x)
    pointers = (ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
    getattr(library, f"all_{name}")(*pointers, ctypes.c_size_t(x.size))
    return y


def points(low, high, dtype, count=400):
    """Numbers of all sizes in an interval."""
    random = np.random.default_rng(0)
    x = np.concatenate(
        [
            random.uniform(max(low, -30), min(high, 30), count // 2),
            np.exp(random.uniform(np.log(1e-30), np.log(high), count // 2)),
        ]
    )
    x = np.concatenate([x, -x]) if low < -0.5 else x
    return np.unique(x[(x >= low) & (x <= high)].astype(dtype))


@pytest.mark.parametrize("letter", "fd")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_are_a_few_units_in_the_last_place(library, name, letter):
    function, (low, high) = FUNCTIONS[name]
    dtype = np.dtype("float32" if letter == "f" else "float64")
    x = points(low, high, dtype)
    found = run(library, f"{name}_{letter}", x)
    with mpmath.workdps(50):
        exact = [function(mpmath.mpf(float(value))) for value in x]
        rounded = np.array([float(value) for value in exact]).astype(dtype)
        unit = np.maximum(np.spacing(np.abs(rounded)), np.finfo(dtype).tiny).astype(float)
        apart = [
            abs(float((mpmath.mpf(float(value)) - e) / mpmath.mpf(float(u))))
            for value, e, u in zip(found, exact, unit, strict=True)
        ]
    assert max(apart) <= MORE.get(f"{name}_{letter}", ALLOWED[letter]), x[int(np.argmax(apart))]


@pytest.mark.parametrize("letter", "fd")
def test_ends_are_those_of_mathematics(library, letter):
    dtype = np.float32 if letter == "f" else np.float64
    inf, nan = np.inf, np.nan
    x = np.array([-inf, -0.0, 0.0, inf, nan], dtype)
    for name, expected in {
        "exp": [0, 1, 1, inf, nan],
        "log": [nan, -inf, -inf, inf, nan],
        "log1p": [nan, 0, 0, inf, nan],
        "expm1": [-1, 0, 0, inf, nan],
        "sqrt": [nan, 0, 0, inf, nan],
        "tanh": [-1, 0, 0, 1, nan],
        "sigmoid": [0, 0.5, 0.5, 1, nan],
        "softplus": [0, np.log(2), np.log(2), inf, nan],
        "atan": [-np.pi / 2, 0, 0, np.pi / 2, nan],
        "asinh": [-inf, 0, 0, inf, nan],
    }.items():
        found = run(library, f"{name}_{letter}", x)
        np.testing.assert_allclose(found, np.array(expected, dtype), rtol=1e-6, err_msg=name)


def test_numbers_beyond_the_normal_ones_keep_their_digits(library):
    tiny = np.array([1e-45, 1e-40, 1.1754942e-38, 3e-39], np.float32)
    np.testing.assert_allclose(run(library, "log_f", tiny), np.log(tiny.astype(float)), rtol=2e-7)
    np.testing.assert_allclose(run(library, "sqrt_f", tiny), np.sqrt(tiny.astype(float)), rtol=2e-7)
    x = np.array([-100.0, -90.0, 88.6], np.float32)
    np.testing.assert_allclose(run(library, "exp_f", x), np.exp(x.astype(float)), rtol=0.2)
