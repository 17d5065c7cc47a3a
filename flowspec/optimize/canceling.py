"""Steps that do nothing, and pairs that undo each other."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from flowspec.parts.values import varies
from flowspec.transforms.elementwise.affine import ScaleAndShift
from flowspec.transforms.elementwise.exp import Exp, Log
from flowspec.transforms.elementwise.hyperbolic import Arcsinh, Sinh
from flowspec.transforms.elementwise.normal_cdf import NormalCDF, NormalQuantile
from flowspec.transforms.elementwise.sigmoid import Logit, Sigmoid
from flowspec.transforms.elementwise.softplus import InverseSoftplus, Softplus
from flowspec.transforms.elementwise.tanh import Atanh, Tanh
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.transform import Transform

INVERSES = (
    (Exp, Log),
    (Sigmoid, Logit),
    (Tanh, Atanh),
    (Softplus, InverseSoftplus),
    (Sinh, Arcsinh),
    (NormalCDF, NormalQuantile),
)
"""Steps without parameters that have their inverse under another name."""


def is_identity(step: Transform) -> bool:
    """True for a shift by 0 with a scale of 1."""
    if not isinstance(step, ScaleAndShift) or varies(step.shift) or varies(step.scale):
        return False
    return not np.any(step.shift) and bool(np.all(np.asarray(step.scale) == 1.0))


def cancel(first: Transform, second: Transform, size: int) -> tuple[()] | None:
    """() for a step and its inverse, in either order."""
    kinds = (type(first), type(second))
    if kinds in INVERSES or kinds[::-1] in INVERSES:
        return ()
    for one, other in ((first, second), (second, first)):
        if isinstance(other, Inverse) and same(one, other.transform):
            return ()
    return None


def same(a: Any, b: Any) -> bool:
    """True if two components (or values) have the same kind and the same fields."""
    if type(a) is not type(b):
        return False
    if dataclasses.is_dataclass(a):
        return all(
            same(getattr(a, field.name), getattr(b, field.name)) for field in dataclasses.fields(a)
        )
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
