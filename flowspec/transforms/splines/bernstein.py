"""Bernstein polynomials with increasing coefficients."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.transforms.splines.searched import Function, Searched, spread

MARGIN = 1e-6
"""The distance to the ends, in units of the interval, that the polynomial keeps, as in
zuko.
"""


def _coefficients(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.degree + 1, *event)


class BernsteinPolynomial(Searched):
    """y = sum_k c_k C(m, k) u^k (1 - u)^(m - k), u = (x + bound) / (2 bound); subclasses
    give the c_k.
    """

    degree: int
    bound: float
    theta: Value

    @abstractmethod
    def start_and_rises(self, ops: Ops, theta: Array) -> tuple[Operand, Array]:
        """The first coefficient and the rises to the next ones, from the free numbers
        theta.
        """

    @property
    def limit(self) -> float:
        return self.bound * (1 - 2 * MARGIN)

    def prepared(self, ops: Ops, like: Array) -> Function:
        start, rises = self.start_and_rises(ops, spread(ops, self.theta, (self.degree + 1,), like))
        order = rises.shape[0]
        sums = ops.combine(ops.constant(np.tril(np.ones((order, order)))), rises)

        def function(x: Array) -> tuple[Array, Array]:
            u = (x + self.bound) * (0.5 / self.bound)
            logs = ops.log(u), ops.log1p(-u)
            # All c_k but the first are start + sums, and the basis sums to one.
            value = start + ops.sum(sums * _basis(ops, order, *logs)[1:])
            slope = ops.sum(rises * _basis(ops, order - 1, *logs)) * (order * 0.5 / self.bound)
            return value, ops.log(slope)

        return function


def _basis(ops: Ops, order: int, log_u: Array, log_rest: Array) -> Array:
    """C(m, k) u^k (1 - u)^(m - k) for k = 0 ... m, by logarithms: nothing overflows,
    nothing cancels.
    """
    shape = (order + 1, *(1 for _ in log_u.shape))
    k = np.arange(order + 1).reshape(shape)
    binomials = np.array([math.log(math.comb(order, i)) for i in range(order + 1)]).reshape(shape)
    powers = (
        ops.constant(k.astype(float)) * log_u[None]
        + ops.constant((order - k).astype(float)) * log_rest[None]
    )
    return ops.exp(powers + ops.constant(binomials))


@dataclass(frozen=True, eq=False)
class Bernstein(BernsteinPolynomial):
    """y = sum_k c_k C(m, k) u^k (1 - u)^(m - k), u = (x + bound) / (2 bound), m = degree
    + 2; linear beyond the bound.

    The first c is theta_0 - log(2) (degree + 1) / 2, each next one greater by the
    softplus of a theta, the second and the last of which count twice, so that the
    curvature vanishes at the ends.
    Slope: m sum_k (c_(k+1) - c_k) C(m - 1, k) u^k (1 - u)^(m - 1 - k) / (2 bound).
    Source: zuko.transforms.BernsteinTransform; Ramasinghe et al., 2021, arXiv:2102.03509.
    """

    examples = ("Bernstein(degree=5)", "Bernstein(degree=3, bound=4, theta=[-1, 2, 0.5, -3])")

    degree: int = setting(16, low=2, high=64, doc="one less than the number of free numbers")
    bound: float = setting(
        5.0, kind=float, low=1e-3, high=1e6, doc="half the width of the interval"
    )
    theta: Value = parameter(Learn(0.0), shape=_coefficients, by_row=False, doc="free numbers")

    def start_and_rises(self, ops: Ops, theta: Array) -> tuple[Operand, Array]:
        rises = ops.softplus(ops.concat([theta[1:2], theta[1:], theta[-1:]]))
        return theta[0] - math.log(2) * (self.degree + 1) / 2, rises


@dataclass(frozen=True, eq=False)
class BoundedBernstein(BernsteinPolynomial):
    """y = sum_k c_k C(m, k) u^k (1 - u)^(m - k), u = (x + bound) / (2 bound), from -bound
    to bound; the identity beyond.

    The rises of c are the softmax of theta, and two at each end that make the slope 1
    there and the curvature 0.
    Slope: m sum_k (c_(k+1) - c_k) C(m - 1, k) u^k (1 - u)^(m - 1 - k) / (2 bound), m =
        degree + 5.
    Source: zuko.transforms.BoundedBernsteinTransform; Ramasinghe et al., 2021,
        arXiv:2102.03509.
    """

    examples = (
        "BoundedBernstein(degree=5)",
        "BoundedBernstein(degree=3, bound=4, theta=[-1, 2, 0.5, -3])",
    )

    degree: int = setting(16, low=2, high=64, doc="one less than the number of free numbers")
    bound: float = setting(
        5.0, kind=float, low=1e-3, high=1e6, doc="half the width of the interval"
    )
    theta: Value = parameter(Learn(0.0), shape=_coefficients, by_row=False, doc="free numbers")

    def start_and_rises(self, ops: Ops, theta: Array) -> tuple[Operand, Array]:
        at_ends = 2 * self.bound / (self.degree + 5)
        shares = ops.exp(theta - ops.logsumexp(theta)[None])
        inner = shares * (2 * self.bound - 4 * at_ends)
        ends = 0.0 * inner[:2] + at_ends
        return -self.bound, ops.concat([ends, inner, ends])
