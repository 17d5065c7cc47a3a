"""Polynomials that increase because their slope is a sum of squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.transforms.splines.searched import Function, Searched, spread


def _coefficients(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.polynomials, component.degree + 1, *event)


@dataclass(frozen=True, eq=False)
class SumOfSquares(Searched):
    """y = shift + integral of g from 0 to x, g(x) = slope + mean_p (1 + sum_i a_pi (x /
    bound)^i)^2.

    Slope: g(x).

    Linear beyond |x| = 10 bound. `a` holds free numbers, polynomial by polynomial.
    Source: Sum-of-Squares Polynomial Flow, Jaini et al., 2019, arXiv:1905.02325;
        zuko.transforms.SOSPolynomialTransform.
    """

    examples = (
        "SumOfSquares",
        "SumOfSquares(degree=2, polynomials=2, a=[[0.5, -1, 0.3], [0.2, 0.8, -0.6]], shift=0.5)",
    )

    degree: int = setting(4, low=1, high=16, doc="degree of each polynomial")
    polynomials: int = setting(3, low=1, high=64, doc="number of polynomials")
    a: Value = parameter(
        Learn(0.0),
        shape=_coefficients,
        by_row=False,
        doc="free numbers, degree + 1 for each polynomial",
    )
    shift: Value = parameter(Learn(0.0), doc="the value at 0")
    slope: float = setting(1e-3, kind=float, low=1e-6, high=1.0, doc="smallest slope")
    bound: float = setting(10.0, kind=float, low=1e-3, high=1e3, doc="unit of length")

    @property
    def limit(self) -> float:
        return 10.0 * self.bound

    def prepared(self, ops: Ops, like: Array) -> Function:
        # zuko integrates by quadrature; the same integral, exactly, is a polynomial too.
        # Huge coefficients, which a network gives for huge inputs, would make inf - inf of their
        # products.
        largest = max(float(np.finfo(ops.dtype).max) ** 0.4 / 10.0**self.degree, 1e3)
        a = ops.clip(
            spread(ops, self.a, (self.polynomials, self.degree + 1), like), -largest, largest
        )
        factors = [a[:, i] + (1.0 if i == 0 else 0.0) for i in range(self.degree + 1)]
        integral = []
        for power in range(2 * self.degree + 1):
            pairs = [
                factors[i] * factors[power - i]
                for i in range(len(factors))
                if 0 <= power - i < len(factors)
            ]
            integral.append(ops.sum(_total(pairs)) * (1.0 / (self.polynomials * (power + 1))))

        def function(x: Array) -> tuple[Array, Array]:
            t = x * (1.0 / self.bound)
            value = integral[-1]
            for coefficient in integral[-2::-1]:
                value = value * t + coefficient
            root = factors[-1]
            for factor in factors[-2::-1]:
                root = root * t + factor
            slope = ops.sum(root * root) * (1.0 / self.polynomials) + self.slope
            return value * x + x * self.slope + self.shift, ops.log(slope)

        return function


def _total(terms: Sequence[Array]) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
