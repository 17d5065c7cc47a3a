"""`to_torch`: a flow as an `nn.Module`, whose call gives a distribution.

Learned parameters are kept unconstrained, under the path they have in the flow: the module's
`steps.1.raw_scale` stands for the flow's `steps.1.scale`, and the standard bijector onto the
parameter's constraint leads from one to the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from flowspec.diagnostics.inputs import is_conditional, wrong_width
from flowspec.ir.flow import Flow
from flowspec.model.binding import Binding, BoundFlow, fixed_arrays
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import values
from flowspec.parts.values import Learn, value_range
from flowspec.support.membership import prepare
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.train.torch.flow_distribution import FlowDistribution, every_base
from flowspec.transforms.elementwise.standard import from_real


def to_torch(
    flow: Flow | Model,
    weights: Mapping[str, np.ndarray] | str | Path | None = None,
    dtype: torch.dtype | None = None,
) -> FlowModule:
    """The flow as a torch module.

    weights   values to start from, for a `Flow`: path -> array, or a safetensors file
    dtype     of what is learned; None is torch's default
    Errors:   FlowError, where the weights do not fit.
    Example:
        >>> import flowspec, torch
        >>> module = flowspec.to_torch(flowspec.parse("Normal(learn(0), learn(1)) |> Exp"))
        >>> loss = -module().log_prob(torch.tensor([0.5, 1.0, 2.0])).mean()
        >>> loss.backward()
    """
    model = flow if isinstance(flow, Model) else Model(flow, as_weights(flow, weights))
    return FlowModule(model, dtype or torch.get_default_dtype())


class FlowModule(nn.Module):
    """A flow whose parameters torch can train. Call it, with the context if there is one, for the distribution."""

    def __init__(self, model: Model, dtype: torch.dtype):
        super().__init__()
        self.flow = model.flow
        self._start_dtype = dtype
        self._raw: dict[str, tuple[nn.Module, str, Interval | None]] = {}
        """Where each learned value is held, and the bounds that it is kept in (None: it is not trained)."""
        for prefix, part in self.flow.components:
            for path, owner, name, value in values(part, prefix):
                if isinstance(value, Learn):
                    self._register(
                        path, parameters(owner)[name], value, model.complete_weights[path]
                    )
        self._interpreters: dict[
            tuple[torch.dtype, torch.device], tuple[TorchOps, dict[str, Tensor]]
        ] = {}
        for space in self._spaces():
            prepare(space)
        self._binding = Binding(self.flow)
        self._interpreter(dtype, torch.device("cpu"))

    def _register(self, path: str, spec: ParameterSpec, value: Learn, start: np.ndarray) -> None:
        *parents, leaf = path.split(".")
        holder: nn.Module = self
        for name in parents:
            if name not in dict(holder.named_children()):
                holder.add_module(name, nn.Module())
            holder = getattr(holder, name)
        if value.trained:
            bounds = value_range(value, spec.within)
            holder.register_parameter(
                f"raw_{leaf}", nn.Parameter(self._tensor(_unconstrained(start, bounds)))
            )
            self._raw[path] = (holder, f"raw_{leaf}", bounds)
        else:
            holder.register_buffer(leaf, self._tensor(start))
            self._raw[path] = (holder, leaf, None)

    def _tensor(self, array) -> Tensor:
        return torch.tensor(np.asarray(array), dtype=self._start_dtype)

    def forward(self, context: Tensor | None = None) -> FlowDistribution:
        """The distribution of the flow, given the context (*, C) if the flow has one."""
        self._check_context(context)
        return FlowDistribution(self, context)

    def _check_context(self, context: Tensor | None) -> None:
        names = self.flow.context.names if self.flow.context else ()
        if not is_conditional(names, context):
            return
        assert context is not None
        if context.ndim == 0 or context.shape[-1] != len(names):
            raise wrong_width("context", context.shape, len(names), "a tensor of shape (..., {})")

    def parameter_values(self, ops: TorchOps) -> dict[str, Tensor]:
        """What is learned, inside its constraints, by path."""
        return {
            path: _constrained(ops, getattr(holder, leaf), bounds)
            for path, (holder, leaf, bounds) in self._raw.items()
        }

    def bound(self, like: Tensor, context: Tensor | None) -> tuple[TorchOps, BoundFlow]:
        """The interpreter for tensors like the given one, and the flow bound for it. context is (C, N)."""
        ops, constants = self._interpreter(like.dtype, like.device)
        return ops, self._binding.bind(ops, self.parameter_values(ops), context, constants)

    def _interpreter(
        self, dtype: torch.dtype, device: torch.device
    ) -> tuple[TorchOps, dict[str, Tensor]]:
        """The interpreter for a dtype on a device, and the fixed arrays there.

        They are made of the float64 originals, so a change of dtype rounds once.
        """
        key = (dtype, device)
        if key not in self._interpreters:
            ops = TorchOps(dtype, device)
            self._interpreters[key] = (
                ops,
                {path: ops.constant(array) for path, array in fixed_arrays(self.flow).items()},
            )
        return self._interpreters[key]

    def _apply(self, fn, recurse=True):
        # What follows from dtype and device is made here, and not in a call that torch.compile traces.
        moved = super()._apply(fn, recurse)
        held = next(iter([*self.parameters(), *self.buffers()]), None)
        if held is not None:
            self._interpreter(held.dtype, held.device)
        return moved

    def _spaces(self) -> Iterator[Space]:
        yield self.flow.space
        yield self.flow.base_space
        for step in self.flow.steps:
            yield step.input
            yield step.output
        for base in every_base(self.flow.base):
            yield base.space

    def set_values(self, found: Mapping[str, np.ndarray]) -> None:
        """Put values (inside their constraints) in the place of what is learned: data-dependent starts."""
        with torch.no_grad():
            for path, value in found.items():
                holder, leaf, bounds = self._raw[path]
                start = (
                    np.asarray(value)
                    if bounds is None
                    else _unconstrained(np.asarray(value), bounds)
                )
                getattr(holder, leaf).copy_(torch.as_tensor(start))

    def to_model(self) -> Model:
        """The flow with the present values of what is learned."""
        ops = TorchOps(torch.float64)
        with torch.no_grad():
            held = {
                p: (getattr(h, leaf).detach().cpu().double(), bounds)
                for p, (h, leaf, bounds) in self._raw.items()
            }
            found = {
                path: _constrained(ops, raw, bounds).numpy() for path, (raw, bounds) in held.items()
            }
        return Model(
            self.flow,
            as_weights(self.flow, {path: _inside(v, held[path][1]) for path, v in found.items()}),
        )


def _constrained(ops: TorchOps, raw: Tensor, bounds: Interval | None) -> Tensor:
    """The value that an unconstrained number stands for."""
    for step in from_real(bounds) if bounds else ():
        raw = step.forward(ops, raw)
    return raw


def _unconstrained(value: np.ndarray, bounds: Interval) -> np.ndarray:
    for step in reversed(from_real(bounds)):
        value = step.inverse(REFERENCE, value)
    return value


def _inside(value: np.ndarray, bounds: Interval | None) -> np.ndarray:
    """A value that rounding has put on an end of its constraint, moved inside."""
    if bounds is None:
        return value
    low = np.nextafter(bounds.low, math.inf) if math.isfinite(bounds.low) else -math.inf
    high = np.nextafter(bounds.high, -math.inf) if math.isfinite(bounds.high) else math.inf
    return np.clip(value, low, high)
