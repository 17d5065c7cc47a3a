"""Tables that a density cannot fit well, and tables that it can: cases of `test_doubtful_data`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PLAIN = "event a, b\nMAF(2, transforms=2, hidden=[4]) |> Standardize\n"
GIVEN = "context a\nevent b\nMAF(1, transforms=1, hidden=[4]) |> Standardize\n"
THREE = "event a, b, c\nMAF(3, transforms=2, hidden=[4]) |> Standardize\n"


def rows(count: int = 400, width: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, width))


def chosen(share: float, count: int = 400) -> np.ndarray:
    return np.random.default_rng(1).random(count) < share


def beside(column: np.ndarray) -> np.ndarray:
    """A normal column `a` beside a column `b`."""
    return np.stack([rows()[:, 0], column], axis=1)


X, B = rows(), rows()[:, 1]
WHOLE = np.random.default_rng(2).integers(0, 9, 400)
ONE_FAR = np.where(np.arange(400) == 17, 1e6, B)


class Table(NamedTuple):
    """A flow, and rows for it."""

    flow: str
    rows: np.ndarray


DOUBTFUL = {
    "whole-numbers": Table(PLAIN, beside(WHOLE)),
    "whole-years": Table(PLAIN, beside(1990 + WHOLE)),
    "whole-steps": Table(PLAIN, beside(5 * WHOLE)),
    "zero-or-one": Table(PLAIN, beside(chosen(0.3))),
    "value-of-many-rows": Table(PLAIN, beside(np.where(chosen(0.4), 0.0, B))),
    "value-of-some-rows": Table(PLAIN, beside(np.where(chosen(0.1), 0.5, B))),
    "values-of-many-rows-at-both-ends": Table(PLAIN, beside(np.clip(B, -1, 1))),
    "three-values": Table(PLAIN, beside(WHOLE % 3 + 0.5)),
    "every-row-twice": Table(PLAIN, np.repeat(X[:200], 2, axis=0)),
    "rows-drawn-with-replacement": Table(PLAIN, X[np.random.default_rng(3).integers(0, 400, 400)]),
    "rounded-rows-twice": Table(PLAIN, np.tile(np.round(X[:200], 2), (2, 1))),
    "linear": Table(PLAIN, beside(2 * X[:, 0] + 1)),
    "nearly-linear": Table(PLAIN, beside(2 * X[:, 0] + 1e-3 * B)),
    "sum-of-two": Table(THREE, np.stack([X[:, 0], B, X[:, 0] - 3 * B], axis=1)),
    "linear-in-the-context": Table(GIVEN, beside(2 * X[:, 0] + 1)),
    "sentinel": Table(PLAIN, beside(np.where(chosen(0.03), -999.0, B))),
    "sentinel-of-many": Table(PLAIN, beside(np.where(chosen(0.2), 99.0, B))),
    "sentinel-not-so-far": Table(PLAIN, beside(np.where(chosen(0.02), -99.0, 50 + 15 * B))),
    "sentinel-in-the-context": Table(
        GIVEN, np.stack([np.where(chosen(0.03), -999.0, B), X[:, 0]], axis=1)
    ),
    "single-row-far-out": Table(PLAIN, beside(ONE_FAR)),
    "tail-far-out": Table(
        PLAIN, beside(np.random.default_rng(4).standard_normal(400) / rows(width=1)[:, 0] ** 3)
    ),
    "context-far-out": Table(GIVEN, np.stack([ONE_FAR, X[:, 0]], axis=1)),
    "near-rounding": Table(PLAIN, beside(1e5 + 0.3 * B)),
    "context-near-rounding": Table(GIVEN, np.stack([1e5 + 0.3 * B, X[:, 0]], axis=1)),
    "lost-to-rounding": Table(PLAIN, beside(1.7e9 + 30 * B)),
    "context-lost-to-rounding": Table(GIVEN, np.stack([1.7e9 + 30 * B, X[:, 0]], axis=1)),
    "twice-and-whole": Table(PLAIN, np.repeat(beside(WHOLE)[:200], 2, axis=0)),
}


def three_digits(x: np.ndarray) -> np.ndarray:
    unit = 10.0 ** (2 - np.floor(np.log10(np.abs(x))))
    return np.round(x * unit) / unit


DRAWS = {
    "normal": lambda random, size: random.normal(size=size),
    "skewed": lambda random, size: random.gamma(1.5, size=size),
    "heavy": lambda random, size: random.standard_t(2, size=size),
    "lognormal": lambda random, size: random.lognormal(size=size),
    "uniform": lambda random, size: random.uniform(size=size),
}
FORMS = {
    "": lambda x: x,
    "rounded": lambda x: np.round(x, 3),
    "of three digits": three_digits,
    "of float32": lambda x: x.astype(np.float32).astype(float),
}
