"""The coefficients of the polynomials in flowspec/ops/c/elementary.c: best in the relative error of
the function they serve, by Remez' exchange at 60 digits.

    python benchmarks/elementary_coefficients.py
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
from mpmath import mp, mpf

mp.dps = 60
HALF_LOG_2 = mpmath.log(2) / 2


def best(
    function: Callable[[mpf], mpf],
    weight: Callable[[mpf], mpf],
    low: mpf,
    high: mpf,
    degree: int,
) -> tuple[list[mpf], mpf]:
    """Coefficients, the constant first, and the largest weight * |polynomial - function|."""
    count = degree + 2
    nodes = [
        (low + high) / 2 - (high - low) / 2 * mpmath.cos(mp.pi * (i + mpf(1) / 2) / count)
        for i in range(count)
    ]
    grid = [low + (high - low) * (i + mpf(1) / 3) / 800 for i in range(800)]
    for _ in range(12):
        rows = [
            [x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(nodes)
        ]
        solved = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([function(x) for x in nodes]))
        found = [solved[k] for k in range(degree + 1)]
        errors = [weight(x) * (mpmath.polyval(found[::-1], x) - function(x)) for x in grid]
        nodes = _extremes(grid, errors, count) or nodes
    return found, max(map(abs, errors))


def _extremes(grid: list[mpf], errors: list[mpf], count: int) -> list[mpf] | None:
    """The places of the largest errors between changes of sign."""
    runs: list[list[int]] = [[0]]
    for i in range(1, len(grid)):
        if (errors[i] > 0) == (errors[i - 1] > 0):
            runs[-1].append(i)
        else:
            runs.append([i])
    peaks = [max(run, key=lambda i: abs(errors[i])) for run in runs]
    return [grid[i] for i in peaks] if len(peaks) == count else None


def series(taylor: Callable[[mpf], mpf], at_0: mpf) -> Callable[[mpf], mpf]:
    """A quotient whose value at 0 is a limit."""
    return lambda x: at_0 if abs(x) < mpf(10) ** -12 else taylor(x)


def main() -> None:
    root = mpmath.sqrt(mpf(1) / 2)
    bend = mpmath.tan(mp.pi / 8)
    exp = series(lambda r: (mpmath.exp(r) - 1 - r) / r**2, mpf(1) / 2)
    log = series(lambda m: (mpmath.log1p(m) - m + m**2 / 2) / m**3, mpf(1) / 3)
    atanh = series(
        lambda z: (2 * mpmath.atanh(mpmath.sqrt(z)) / mpmath.sqrt(z) - 2) / z, mpf(2) / 3
    )
    tanh = series(lambda z: (mpmath.tanh(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1) / z, -mpf(1) / 3)
    sin = series(lambda z: (mpmath.sin(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1) / z, -mpf(1) / 6)
    cos = series(lambda z: (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2, mpf(1) / 24)
    atan = series(lambda z: (mpmath.atan(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1) / z, -mpf(1) / 3)
    zero = mpf(10) ** -15
    for name, function, weight, low, high, degree, single in (
        ("exp_f", exp, lambda r: r**2, -HALF_LOG_2, HALF_LOG_2, 4, True),
        (
            "log_f",
            log,
            lambda m: abs(m**3 / mpmath.log1p(m)) + zero,
            root - 1,
            1 / root - 1,
            8,
            True,
        ),
        ("tanh_f", tanh, lambda z: z, zero, mpf("0.625") ** 2, 4, True),
        ("exp_d", exp, lambda r: r**2, -HALF_LOG_2, HALF_LOG_2, 10, False),
        ("log_d", atanh, lambda z: z, zero, (1 - root) ** 2 / (1 + root) ** 2, 6, False),
        ("sin_d", sin, lambda z: z, zero, (mp.pi / 4) ** 2, 6, False),
        ("cos_d", cos, lambda z: z**2, zero, (mp.pi / 4) ** 2, 6, False),
        ("atan_d", atan, lambda z: z, zero, bend**2, 12, False),
    ):
        found, error = best(function, weight, low, high, degree)
        print(f"{name}: error {mpmath.nstr(error, 3)}")
        for c in found:
            print("   ", mpmath.nstr(c, 9 if single else 17))


if __name__ == "__main__":
    main()
