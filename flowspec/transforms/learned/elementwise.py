"""Steps of each coordinate alone, whose parameters are free or follow from the context.

Source: zuko.flows.ElementWiseTransform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.networks.inputs import feature_count
from flowspec.networks.layers import Dense, Layer, mlp
from flowspec.networks.settings import activation_name, hidden_layers, normalizes
from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameters
from flowspec.parts.measuring import location_and_scale, regression
from flowspec.parts.values import Predicted
from flowspec.support.space import Space
from flowspec.transforms.elementwise.monotonic_affine import MonotonicAffine, unpressed
from flowspec.transforms.learned.conditioned import Conditioned, with_given
from flowspec.transforms.transform import Univariate, bound_to_reference, over_event

REGRESSION = "Elementwise(MonotonicAffine, hidden=[])"
"""The step that starts at the line of the columns on the context, as it is written."""


@dataclass(frozen=True, eq=False)
class Elementwise(Conditioned):
    """x_i = f(y_i; network(context)); without a context, the parameters of f are learned.

    With `hidden=[]` they are linear in the context. The shift of an affine f then starts at the
    line by least squares through the training data, the scale of MonotonicAffine at the spread
    about it.

    Source: zuko.flows.
    """

    examples = (
        "Elementwise(MonotonicAffine)",
        "Elementwise(RQS(bins=4))",
        "Elementwise(MonotonicAffine, hidden=[])",
    )

    hidden: tuple[int, ...] = hidden_layers()
    activation: str = activation_name()
    normalize: bool = normalizes()

    def make_network(
        self, space: Space, rates: Sequence[float], context_rates: Sequence[float], outputs: int
    ) -> tuple[Layer, ...]:
        inputs = feature_count(context_rates)
        if not inputs:
            return ()
        return mlp(inputs, outputs * space.size, self.hidden, self.activation, self.normalize)

    def _step(self, ops: Ops, x: Array) -> Univariate:
        if not self.network:
            return self.univariate
        return self.given(ops, self.outputs(ops, None), None if len(x.shape) == 1 else x.shape[0])

    def measurements(
        self,
        y: np.ndarray,
        path: str,
        weights: np.ndarray | None = None,
        features: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        size = None if y.ndim == 1 else len(y)
        places = self._rows_of_shift_and_scale(size)
        if places is None or features is None:
            return {}
        shift, log_scale = places
        rows = y.reshape(-1, y.shape[-1])
        slopes, at_zero = regression(features, rows, weights)
        layer = self.network[0]
        assert isinstance(layer, Dense)
        weight, bias = np.zeros((layer.outputs, layer.inputs)), np.zeros(layer.outputs)
        if log_scale is not None and isinstance(self.univariate, MonotonicAffine):
            left = location_and_scale(rows - slopes @ features, weights)["scale"]
            bias[log_scale] = unpressed(-np.log(left), self.univariate.slope)
        step = with_given(REFERENCE, bound_to_reference(self.univariate), bias[:, None], size)
        ends = (step.forward(REFERENCE, np.full((*y.shape[:-1], 1), end)) for end in (0.0, 1.0))
        low, high = (np.asarray(end).reshape(-1) for end in ends)
        weight[shift] = (low - high)[:, None] * slopes
        bias[shift] = (low - high) * at_zero - low
        return {f"{path}.network.0.weight": weight, f"{path}.network.0.bias": bias}

    def _rows_of_shift_and_scale(self, size: int | None) -> tuple[slice, slice | None] | None:
        """The outputs of a network without hidden layers that are the shift of an affine step, and
        those that are the logarithm of its scale.
        """
        step = self.univariate
        values = {name: getattr(step, name) for name in parameters(step)}
        plain = all(isinstance(value, Predicted | float | np.ndarray) for value in values.values())
        given = [name for name, value in values.items() if isinstance(value, Predicted)]
        if len(self.network) != 1 or not step.is_affine or not plain:
            return None
        count = size or 1
        rows = {n: slice(i * count, (i + 1) * count) for i, n in enumerate(given)}
        if "shift" not in rows or values["shift"].steps:
            return None
        return rows["shift"], rows.get("log_scale")

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_slope = self._step(ops, y).forward_and_log_slope(ops, y)
        return x, -over_event(ops, log_slope, x)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_slope = self._step(ops, x).inverse_and_log_slope(ops, x)
        return y, -over_event(ops, log_slope, x)
