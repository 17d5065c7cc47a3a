"""The primitives of the vocabulary: operations that every interpreter gives itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from flowspec.ops.array import Array, Number, Operand
from flowspec.ops.stages import StagedNetwork


class Primitives(ABC):
    """The operations that an interpreter of the vocabulary must have."""

    dtype: np.dtype[Any]
    """The float type of the values, as numpy names it."""

    @property
    def data_dtype(self) -> np.dtype[Any]:
        """The float type that points came in: the ends of supports are rounded to it."""
        return self.dtype

    # --- entering -----------------------------------------------------------------------------

    @abstractmethod
    def constant(self, value: NDArray[Any], name: str = "") -> Array:
        """A fixed float64 array as a value of this interpreter.

        Graphs call it by its name.
        """

    def scope(self, name: str) -> AbstractContextManager[None]:
        """A name for what is computed inside: graphs name their nodes by it."""
        return nullcontext()

    # --- elementwise, one argument ------------------------------------------------------------

    @abstractmethod
    def exp(self, x: Operand) -> Array: ...
    @abstractmethod
    def log(self, x: Operand) -> Array: ...
    @abstractmethod
    def log1p(self, x: Operand) -> Array:
        """log(1 + x), exact for small x."""

    @abstractmethod
    def expm1(self, x: Operand) -> Array:
        """exp(x) - 1, exact for small x."""

    @abstractmethod
    def sqrt(self, x: Operand) -> Array: ...
    @abstractmethod
    def abs(self, x: Operand) -> Array: ...
    @abstractmethod
    def sign(self, x: Operand) -> Array: ...
    @abstractmethod
    def floor(self, x: Operand) -> Array: ...
    @abstractmethod
    def sin(self, x: Operand) -> Array: ...
    @abstractmethod
    def cos(self, x: Operand) -> Array: ...
    @abstractmethod
    def asin(self, x: Operand) -> Array: ...
    @abstractmethod
    def acos(self, x: Operand) -> Array: ...
    @abstractmethod
    def atan(self, x: Operand) -> Array: ...
    @abstractmethod
    def sinh(self, x: Operand) -> Array: ...
    @abstractmethod
    def asinh(self, x: Operand) -> Array: ...
    @abstractmethod
    def tanh(self, x: Operand) -> Array: ...
    @abstractmethod
    def atanh(self, x: Operand) -> Array: ...
    @abstractmethod
    def sigmoid(self, x: Operand) -> Array:
        """1 / (1 + exp(-x)), without overflow."""

    @abstractmethod
    def softplus(self, x: Operand) -> Array:
        """log(1 + exp(x)), exact at both ends."""

    @abstractmethod
    def isinf(self, x: Operand) -> Array:
        """True for plus or minus infinity; false for NaN."""

    # --- elementwise, more arguments ----------------------------------------------------------

    @abstractmethod
    def power(self, x: Operand, exponent: Operand) -> Array:
        """x ** exponent for x >= 0."""

    @abstractmethod
    def maximum(self, a: Operand, b: Operand) -> Array:
        """The greater one; NaN if either is."""

    @abstractmethod
    def minimum(self, a: Operand, b: Operand) -> Array:
        """The smaller one; NaN if either is."""

    @abstractmethod
    def where(self, condition: Operand, a: Operand, b: Operand) -> Array:
        """a where the condition holds, else b.

        Both are computed: make the unused one finite first.
        """

    # --- along the first axis -----------------------------------------------------------------

    @abstractmethod
    def sum(self, x: Array) -> Array:
        """Sum over the first axis."""

    @abstractmethod
    def cumsum(self, x: Array) -> Array:
        """Running sum along the first axis."""

    @abstractmethod
    def logsumexp(self, x: Array) -> Array:
        """log(sum(exp(x))) over the first axis, without overflow; -inf where every entry
        is.
        """

    @abstractmethod
    def any(self, condition: Array) -> Array:
        """Is any entry along the first axis true?"""

    @abstractmethod
    def concat(self, parts: Sequence[Array]) -> Array:
        """Join along the first axis. At least one part is data."""

    def split(self, x: Array, sizes: Sequence[int]) -> Sequence[Array]:
        """The first axis cut into pieces of these sizes.

        (Many slices of one array would make its gradient slow.)
        """
        starts = [0, *accumulate(sizes)]
        return [x[start:stop] for start, stop in pairwise(starts)]

    @abstractmethod
    def stack(self, parts: Sequence[Operand]) -> Array:
        """Join along a new first axis.

        At least one part is data; parts of unlike shape are broadcast.
        """

    @abstractmethod
    def take(self, x: Array, indices: Sequence[int]) -> Array:
        """Rows of the first axis, chosen beforehand: a permutation, a subset."""

    @abstractmethod
    def take_along(self, x: Array, index: Array) -> Array:
        """For each remaining position the row that `index` names there: x (K, ...), index
        (...) from `to_index`.
        """

    @abstractmethod
    def unflatten(self, x: Array, sizes: tuple[int, ...]) -> Array:
        """Split the first axis into several of the given sizes."""

    def flatten(self, x: Array) -> Array:
        """The first two axes as one."""
        return cast(Array, cast(Any, x).reshape(x.shape[0] * x.shape[1], *x.shape[2:]))

    @abstractmethod
    def exchange(self, x: Array) -> Array:
        """The first two axes, exchanged."""

    @abstractmethod
    def matmul(self, matrix: Array, x: Array) -> Array:
        """(M, D) times (D, N), or stacks of such products: (S, M, D) times (S, D, N) or
        (P, S, D, N).
        """

    @abstractmethod
    def combine(self, matrix: Array, x: Array) -> Array:
        """Sums of the rows with fixed coefficients: (M, K) and (K, ..., N) give (M, ...,
        N).
        """

    @abstractmethod
    def solve(self, matrix: Array, x: Array) -> Array:
        """The z with matrix z = x.

        In a graph the matrix is a constant, inverted beforehand.
        """

    @abstractmethod
    def log_abs_det(self, matrix: Array) -> Array:
        """log |det matrix|. In a graph the matrix is a constant."""

    # --- truth values and whole numbers ---------------------------------------------------------

    @abstractmethod
    def number(self, condition: Operand) -> Array:
        """1 where true, else 0, in the float type of the data."""

    @abstractmethod
    def to_index(self, x: Array) -> Array:
        """Whole floats (0, 1, 2 ...) as indices for `take_along`."""

    # --- loops ------------------------------------------------------------------------------------

    def loop(
        self, count: int, body: Callable[..., Sequence[Operand]], *state: Operand
    ) -> tuple[Array, ...]:
        """`count` times `state = body(step, *state)`; `step` is 0, 1, ... as a float.

        Shapes and types stay the same.
        """
        for step in range(count):
            state = tuple(body(float(step), *state))
        return cast("tuple[Array, ...]", state)

    def loop_and_states(
        self,
        count: int,
        body: Callable[..., Sequence[Operand]],
        kept: Sequence[int],
        *state: Operand,
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """The same, and some of the states before each step, stacked: (count, ...)."""
        before: list[list[Operand]] = [[] for _ in kept]

        def noted(step: Operand, *state: Operand) -> Sequence[Operand]:
            for rows, index in zip(before, kept, strict=True):
                rows.append(state[index])
            return body(step, *state)

        after = Primitives.loop(self, count, noted, *state)
        return after, tuple(self.stack(rows) for rows in before)

    def pick(self, rows: Array, step: Operand) -> Array:
        """Row `step` of the first axis, for the step of a loop."""
        return rows[int(cast(Number, step))]

    most_unrolled: int = 1_000_000
    """How many parameters the stages of a computation may take together if they are
    written out; else they are a loop.
    """

    keeps_stages: bool = False
    """Does it keep what a masked network has worked out, from one stage to the next?"""

    def stage_of(self, network: StagedNetwork, x: Array, step: Operand) -> Array:
        """The outputs of stage `step`, (outputs, N), of which only those inputs count that are
        known at it. In a loop over all stages only.
        """
        return cast(Array, network.run(self, x, int(cast(Number, step))))

    def replaced(self, x: Array, rows: Array, first: int, step: Operand) -> Array:
        """x with `rows` in the place of its rows from first + step * len(rows) on. In a loop only,
        where x is not used again.
        """
        start = first + int(cast(Number, step)) * rows.shape[0]
        parts = [x[:start], rows, x[start + rows.shape[0] :]]
        return self.concat([part for part in parts if part.shape[0]])

    differentiates: bool = False
    """Are results differentiated?"""

    def without_gradients(self) -> AbstractContextManager[None]:
        """Nothing that is computed inside is differentiated: searches, whose result gets
        its gradient otherwise.
        """
        return nullcontext()

    @abstractmethod
    def log_gamma_gradient(self, concentration: Operand, log_x: Operand) -> Array:
        """`log_x`, the logarithm of a draw from Gamma(concentration, 1), with the
        derivative of the exact sampler attached.

        A rejection sampler's own derivative is biased: which proposal is accepted depends
        on the concentration too. Interpreters without gradients return `log_x`.
        Source: Implicit Reparameterization Gradients, Figurnov et al., 2018,
            arXiv:1805.08498.
        """

    # --- 64-bit whole numbers, for the random number generator ------------------------------------
    # + and * wrap around, as in C on unsigned numbers.

    @abstractmethod
    def whole(self, value: Any) -> Array:
        """Fixed whole numbers as int64."""

    @abstractmethod
    def low_word(self, x: Array) -> Array:
        """The lower 32 bits, as 0 ... 2^32 - 1."""

    @abstractmethod
    def high_word(self, x: Array) -> Array:
        """The upper 32 bits, as 0 ... 2^32 - 1."""

    @abstractmethod
    def low_bits(self, x: Array, count: int) -> Array:
        """The lowest bits, as a number that is not negative."""

    @abstractmethod
    def without_bits(self, x: Array, count: int) -> Array:
        """Numbers that are not negative divided by 2^count, rounded down; others that the quotient
        is exact for.
        """

    def narrow(self, x: Array) -> Array:
        """Whole numbers below 2^31, as 32 bits where that matters: in graphs."""
        return x

    @abstractmethod
    def xor(self, a: Array, b: Array) -> Array:
        """Bits that differ."""

    @abstractmethod
    def to_float(self, x: Array) -> Array:
        """Whole numbers in the float type of the data."""
