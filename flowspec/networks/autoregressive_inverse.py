"""Inverses that go coordinate by coordinate, at the cost of one pass of the network.

A masked network gives the parameters of each coordinate from the coordinates before it.
To undo the transform, coordinates become known in stages. Written out, a stage computes
only the units that are new at it; as a loop, all stages share one body, so that a graph
does not grow with the coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from flowspec.networks.inputs import feature_columns, features, tamed
from flowspec.networks.layers import ContextInput, Residual
from flowspec.networks.rolled import Rolled, is_place
from flowspec.networks.staged import staged
from flowspec.networks.unfolding import Unfolding
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameters
from flowspec.parts.orders import undone
from flowspec.parts.trees import with_fields


class Sequential:
    """A transform of one number, as an inverse that goes coordinate by coordinate takes
    it.
    """

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        """x, and the log-slope of the forward direction there."""
        raise NotImplementedError

    def inverse_and_terms(self, ops: Ops, y: Array) -> tuple[Array, tuple[Operand, ...]]:
        """x, and arrays of its shape of which `log_slope_from` makes the log-slope.

        They are collected, so that all log-slopes are worked out at once.
        """
        x, log_slope = self.inverse_and_log_slope(ops, y)
        return x, (log_slope,)

    def log_slope_from(self, ops: Ops, terms: Sequence[Any]) -> Array:
        """The log-slope, from the terms of `inverse_and_terms`."""
        return terms[0]

    def only(self, coordinates: Sequence[int], size: int) -> Self:
        """The bound transform on some coordinates of an event of `size`."""
        rows = list(coordinates)
        values = {name: getattr(self, name) for name in parameters(self)}
        changed = {
            name: value[..., rows, :] for name, value in values.items() if _rows_of(value) == size
        }
        return with_fields(self, changed) if changed else self

    def alike(self, size: int) -> bool:
        """True if the bound transform does the same to every coordinate, but for what
        `at` picks.
        """
        return self.only([0], size) is self

    def at(self, ops: Ops, order: Sequence[int], stage: Operand) -> Self:
        """The bound transform on coordinate number `stage` of `order`, in a loop over
        coordinates.
        """
        return self


Given = Callable[[Ops, Any, Array, "int | None"], Any]
"""(ops, transform of one number, output of a network, number of coordinates) -> the
transform with these parameters.
"""


@dataclass(frozen=True)
class SequentialInverse:
    """The inverse of a masked autoregressive transform with fixed layers.

    network   the masked network, whose last layer gives the parameters, one block after
              the other
    stages    the stage of each coordinate, which depends on those of earlier stages
    rates     of the coordinates, as `angular_rates` gives them
    context   the conditioning variables, if there are any
    given     puts the output of the network into the transform of one number
    """

    network: tuple[Any, ...]
    stages: tuple[int, ...]
    rates: tuple[float, ...]
    context: tuple[ContextInput, ...]
    given: Given

    def run(self, ops: Ops, univariate: Sequential, x: Array) -> tuple[Array, Array]:
        """y, and the sum over the event of the log-slopes of the univariate there."""
        if self._is_staged(ops, univariate):
            return self._staged(ops, univariate, x)
        if self._is_loop(ops, univariate):
            return self._rolled(ops, univariate, x)
        return self._unfolded(ops, univariate, x)

    def _is_loop(self, ops: Ops, univariate: Sequential) -> bool:
        large = len(self.network[-1].degrees) > ops.most_unrolled
        return large and self._can_be_loop(univariate)

    def _is_staged(self, ops: Ops, univariate: Sequential) -> bool:
        alike = len(set(map(bool, self.rates))) == 1
        return ops.keeps_stages and alike and self._can_be_loop(univariate)

    def _can_be_loop(self, univariate: Sequential) -> bool:
        size = len(self.stages)
        one_by_one = max(self.stages) + 1 == size > 1
        plain = not any(isinstance(layer, Residual) for layer in self.network)
        return one_by_one and plain and univariate.alike(size)

    # --- written out ------------------------------------------------------------------------------

    def _unfolded(self, ops: Ops, univariate: Sequential, x: Array) -> tuple[Array, Array]:
        size, groups = len(self.stages), _groups(self.stages)
        unfolding = self._unfolding(ops, groups)
        fresh: Array | None = None
        values: list[Array] = []
        terms: list[list[Array]] = []
        for stage, coordinates in enumerate(groups):
            raw = unfolding.advance(fresh, stage)
            chosen = univariate if len(coordinates) == size else univariate.only(coordinates, size)
            transform = self.given(ops, chosen, raw, len(coordinates))
            y, slope_terms = transform.inverse_and_terms(ops, ops.take(x, coordinates))
            values.append(y)
            terms.append([_as_rows(term, y) for term in slope_terms])
            fresh = tamed(ops, features(ops, y, [self.rates[i] for i in coordinates]))
        collected = [ops.concat(rows) for rows in zip(*terms, strict=True)]
        y = ops.concat(values) if len(values) > 1 else values[0]
        order = [i for group in groups for i in group]
        if order == sorted(order):
            return y, ops.sum(univariate.log_slope_from(ops, collected))
        # The terms stand in the order of the stages, and so must what the univariate knows of each.
        log_slope = univariate.only(order, size).log_slope_from(ops, collected)
        return ops.take(y, undone(order)), ops.sum(log_slope)

    def _unfolding(self, ops: Ops, groups: Sequence[Sequence[int]]) -> Unfolding:
        known = tamed(ops, self.context[0].context) if self.context else None
        count = self.context[0].context.shape[0] if self.context else 0
        columns = feature_columns(self.rates)
        first = columns[-1][-1] + 1
        ordered = [column for group in groups for i in group for column in columns[i]]
        return Unfolding(ops, self.network, [*range(first, first + count), *ordered], known)

    # --- as a loop --------------------------------------------------------------------------------

    def _rolled(self, ops: Ops, univariate: Sequential, x: Array) -> tuple[Array, Array]:
        size, order = x.shape[0], undone(self.stages)
        known = tamed(ops, self.context[0].context) if self.context else None
        of_each = feature_columns(self.rates)
        columns = [column for i in order for column in of_each[i]]
        network = Rolled(ops, self.network, order, columns, known)
        rates = [self.rates[i] for i in order]
        ordered = ops.take(x, order)

        def stage(step: Any, known: Array, total: Array, *hidden: Array) -> Sequence[Array]:
            raw, hidden_now = network.advance(features(ops, known, rates), hidden, step)
            transform = self.given(ops, univariate.at(ops, order, step), raw, None)
            y, log_slope = transform.inverse_and_log_slope(ops, ops.pick(ordered, step))
            is_here = is_place(ops, size, step)
            known = ops.where(is_here, tamed(ops, y)[None], known)
            return [known, total + log_slope, *hidden_now]

        zeros = 0.0 * ops.clip(ordered, -1.0, 1.0)
        values, total, *_ = ops.loop(size, stage, zeros, zeros[0], *network.start(zeros[0]))
        return ops.take(values, undone(order)), total

    # --- with a network that keeps what it has worked out ----------------------------------------

    def _staged(self, ops: Ops, univariate: Sequential, x: Array) -> tuple[Array, Array]:
        size, order = x.shape[0], undone(self.stages)
        known = tamed(ops, self.context[0].context) if self.context else None
        of_each = feature_columns(self.rates)
        columns = [column for i in order for column in of_each[i]]
        network = staged(self.network, order, columns, known.shape[0] if known is not None else 0)
        rates, width = self.rates[:1], len(columns) // size
        ordered = ops.take(x, order)
        zeros = 0.0 * ops.clip(ordered, -1.0, 1.0)
        context = [] if known is None else [known]
        inputs = ops.concat([*context, *[zeros] * width]) if context or width > 1 else zeros
        first = network.known[0]

        def stage(step: Any, inputs: Array, values: Array, total: Array) -> Sequence[Array]:
            raw = ops.stage_of(network, inputs, step)
            transform = self.given(ops, univariate.at(ops, order, step), raw, None)
            y, log_slope = transform.inverse_and_log_slope(ops, ops.pick(ordered, step))
            fresh = tamed(ops, features(ops, y[None], rates))
            return [
                ops.replaced(inputs, fresh, first, step),
                ops.replaced(values, y[None], 0, step),
                total + log_slope,
            ]

        _, values, total = ops.loop(size, stage, inputs, zeros, zeros[0])
        return ops.take(values, undone(order)), total


def _rows_of(value: Any) -> int | None:
    """The length of the axis of coordinates, if a parameter has one."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    return shape[-2] if len(shape) > 1 else None


def _as_rows(term: Operand, like: Array) -> Array:
    is_rows = len(getattr(term, "shape", ())) == 2
    return cast(Array, term) if is_rows else 0.0 * like + term


def _groups(stages: Sequence[int]) -> list[list[int]]:
    """The coordinates of each stage."""
    groups: list[list[int]] = [[] for _ in range(max(stages) + 1)]
    for coordinate, stage in enumerate(stages):
        groups[stage].append(coordinate)
    return groups
