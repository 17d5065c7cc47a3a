"""Steps of each coordinate alone, whose parameters are free or follow from the context.

Source: zuko.flows.ElementWiseTransform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowspec.networks.inputs import feature_count
from flowspec.networks.layers import Layer, mlp
from flowspec.networks.settings import activation_name, hidden_layers, normalizes
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.support.space import Space
from flowspec.transforms.learned.conditioned import Conditioned
from flowspec.transforms.transform import Univariate, over_event


@dataclass(frozen=True, eq=False)
class Elementwise(Conditioned):
    """x_i = f(y_i; network(context)); without a context, the parameters of f are learned.

    Source: zuko.flows.
    """

    examples = ("Elementwise(MonotonicAffine)", "Elementwise(RQS(bins=4))")

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

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_slope = self._step(ops, y).forward_and_log_slope(ops, y)
        return x, -over_event(ops, log_slope, x)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_slope = self._step(ops, x).inverse_and_log_slope(ops, x)
        return y, -over_event(ops, log_slope, x)
