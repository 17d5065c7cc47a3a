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
from zuko.flows import spline

from flowspec.transforms.monotonic_affine import MonotonicAffine
from flowspec.transforms.rational_quadratic import RQS
from flowspec.transforms.transform import Univariate

Made = tuple[Univariate, dict[str, np.ndarray]]


def _affine(function, settings, shapes, size) -> Made:
    return MonotonicAffine(**settings), {}


def _spline(function, settings, shapes, size) -> Made:
    return RQS(bins=shapes[0][0], **settings), {}


def _circular_spline(function, settings, shapes, size) -> Made:
    return RQS(bins=shapes[0][0], bound=math.pi, turn=True, **settings), {}


UNIVARIATES: dict[Any, Callable[[Any, dict, list, int], Made]] = {
    zuko.transforms.MonotonicAffineTransform: _affine,
    zuko.transforms.MonotonicRQSTransform: _spline,
    spline.CircularRQSTransform: _circular_spline,
}
