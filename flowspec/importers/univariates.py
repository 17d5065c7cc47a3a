"""The univariate transforms of zuko, and the steps that they are here.

Each maker takes zuko's function or module, its settings, the shapes of its parameters and the number of
coordinates, and gives the step with the weights that it holds itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import zuko
from zuko.flows import polynomial, spline

from flowspec.transforms.bernstein import Bernstein, BoundedBernstein
from flowspec.transforms.gaussianization import Gaussianization
from flowspec.transforms.monotonic_affine import MonotonicAffine
from flowspec.transforms.rational_quadratic import RQS
from flowspec.transforms.sum_of_squares import SumOfSquares
from flowspec.transforms.transform import Univariate

Made = tuple[Univariate, dict[str, np.ndarray]]


def _affine(function, settings, shapes, size) -> Made:
    return MonotonicAffine(**settings), {}


def _spline(function, settings, shapes, size) -> Made:
    return RQS(bins=shapes[0][0], **settings), {}


def _circular_spline(function, settings, shapes, size) -> Made:
    return RQS(bins=shapes[0][0], bound=math.pi, turn=True, **settings), {}


def _bernstein(function, settings, shapes, size) -> Made:
    kind = BoundedBernstein if function is zuko.transforms.BoundedBernsteinTransform else Bernstein
    return kind(degree=shapes[0][0] - 1, **settings), {}


def _sum_of_squares(function, settings, shapes, size) -> Made:
    polynomials, count = shapes[0]
    return SumOfSquares(degree=count - 1, polynomials=polynomials, **settings), {}


def _gaussianization(function, settings, shapes, size) -> Made:
    return Gaussianization(components=shapes[0][0], **settings), {}


UNIVARIATES: dict[Any, Callable[[Any, dict, list, int], Made]] = {
    zuko.transforms.MonotonicAffineTransform: _affine,
    zuko.transforms.MonotonicRQSTransform: _spline,
    spline.CircularRQSTransform: _circular_spline,
    zuko.transforms.BernsteinTransform: _bernstein,
    zuko.transforms.BoundedBernsteinTransform: _bernstein,
    polynomial.ShiftedSOSPTransform: _sum_of_squares,
    zuko.transforms.GaussianizationTransform: _gaussianization,
}
