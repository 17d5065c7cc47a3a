"""`to_torch`: a flow as an `nn.Module`, whose call gives a distribution.

Learned parameters are kept unconstrained, under the path they have in the flow: the module's
`steps.1.raw_scale` stands for the flow's `steps.1.scale`, and the standard bijector onto the
parameter's constraint leads from one to the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from flowspec.bases.base import every_base
from flowspec.bases.transformed import Transformed
from flowspec.diagnostics.inputs import is_conditional, wrong_width
from flowspec.diagnostics.kinds import MAPPING, WEIGHTS, one_of, require
from flowspec.ir.flow import Flow
from flowspec.model.binding import Binding, BoundFlow
from flowspec.model.kinds import FLOW_OR_MODEL
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import values
from flowspec.parts.values import Learn, value_range
from flowspec.support.membership import prepare
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.train.torch.axes import as_tensor
from flowspec.train.torch.bindable import first_tensor
from flowspec.train.torch.flow_distribution import FlowDistribution
from flowspec.train.torch.inputs import as_points
from flowspec.transforms.elementwise.standard import from_real


def to_torch(
    flow: Flow | Model,
    weights: Mapping[str, NDArray[Any]] | str | Path | None = None,
    dtype: torch.dtype | None = None,
) -> FlowModule:
    """The flow as a torch module.

    weights   values to start from, for a `Flow`: path -> array, or a safetensors file
    dtype     of the learned values; None is torch's default, or float64 for a model that was
              trained in it
    Errors:   FlowError, where the weights do not fit.
    Example:
        >>> import flowspec, torch
        >>> module = flowspec.to_torch(flowspec.parse("Normal(learn(0), learn(1)) |> Exp"))
        >>> loss = -module().log_prob(torch.tensor([0.5, 1.0, 2.0])).mean()
        >>> loss.backward()
    """
    require(
        "to_torch",
        flow=(flow, FLOW_OR_MODEL),
        weights=(weights, WEIGHTS.or_none()),
        dtype=(dtype, one_of("a dtype of torch", torch.dtype).or_none()),
    )
    model = flow if isinstance(flow, Model) else Model(flow, as_weights(flow, weights))
    own = torch.float64 if model.dtype == "float64" else torch.get_default_dtype()
    return FlowModule(model, dtype or own)


Interpreter = tuple[TorchOps, dict[str, Tensor]]
"""The interpreter for a dtype on a device, and the fixed arrays of the flow there, by path."""


class FlowModule(nn.Module):
    """A flow whose parameters torch can train.

    Call it, with the context if there is one, for the distribution.
    """

    def __init__(self, model: Model, dtype: torch.dtype):
        super().__init__()
        self.flow = model.flow
        self._start_dtype = dtype
        self._raw: dict[str, tuple[nn.Module, str, Interval | None]] = {}
        """The holder of each learned value, and the interval that it is kept in.

        The interval is None where the value is not trained.
        """
        for prefix, component in self.flow.components:
            for path, owner, name, value in values(component, prefix):
                if isinstance(value, Learn):
                    start = model.complete_weights[path]
                    self._register(path, parameters(owner)[name], value, start)
        self._interpreters: dict[tuple[torch.dtype, torch.device], Interpreter] = {}
        for space in self._spaces():
            prepare(space)
        self._binding = Binding(self.flow)
        self._interpreter(dtype, torch.device("cpu"))

    def __repr__(self) -> str:
        return Model(self.flow).glance("FlowModule")

    def _register(self, path: str, spec: ParameterSpec, value: Learn, start: NDArray[Any]) -> None:
        *parents, leaf = path.split(".")
        holder: nn.Module = self
        for name in parents:
            if name not in dict(holder.named_children()):
                holder.add_module(name, nn.Module())
            holder = getattr(holder, name)
        if value.trained:
            ends = value_range(value, spec.within)
            raw = nn.Parameter(self._tensor(_unconstrained(start, ends)))
            holder.register_parameter(f"raw_{leaf}", raw)
            self._raw[path] = (holder, f"raw_{leaf}", ends)
        else:
            holder.register_buffer(leaf, self._tensor(start))
            self._raw[path] = (holder, leaf, None)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.tensor(np.asarray(array), dtype=self._start_dtype)

    def forward(self, context: Tensor | ArrayLike | None = None) -> FlowDistribution:
        """The distribution of the flow, given the context (*, C) if the flow has one.

        A table is read by the names of its columns; of one variable the context may be (*,).
        """
        return FlowDistribution(self, self._context(context))

    def _context(self, context: Tensor | ArrayLike | None) -> Tensor | None:
        names = self.flow.context.names if self.flow.context else ()
        if not is_conditional(names, context):
            return None
        values = as_points(context, "context", names, False, self._like)
        if values.ndim == 0 or values.shape[-1] != len(names):
            raise wrong_width("context", values.shape, len(names), "a tensor of shape (..., {})")
        return values

    @property
    def _like(self) -> Tensor:
        """A tensor of the module's dtype and device."""
        tensor = first_tensor(self)
        return torch.empty(0, dtype=self._start_dtype) if tensor is None else tensor

    def parameter_values(self, ops: TorchOps) -> dict[str, Tensor]:
        """The learned values, inside their constraints, by path."""
        return {
            path: _constrained(ops, getattr(holder, leaf), ends)
            for path, (holder, leaf, ends) in self._raw.items()
        }

    def bound(self, like: Tensor, context: Tensor | None) -> tuple[TorchOps, BoundFlow]:
        """The interpreter for tensors like `like`, and the flow bound for it. context is (C, N)."""
        ops, constants = self._interpreter(like.dtype, like.device)
        return ops, self._binding.bind(ops, self.parameter_values(ops), context, constants)

    def _interpreter(self, dtype: torch.dtype, device: torch.device) -> Interpreter:
        """The interpreter for a dtype on a device, and the fixed arrays there.

        They are made of the float64 originals, so a change of dtype rounds once.
        """
        key = (dtype, device)
        if key not in self._interpreters:
            ops = TorchOps(dtype, device)
            arrays = self._binding.fixed_arrays().items()
            self._interpreters[key] = ops, {path: ops.constant(array) for path, array in arrays}
        return self._interpreters[key]

    @contextmanager
    def thinned(self, share: float, *seed: int) -> Iterator[None]:
        """Let hidden layers leave out a share of their units, at random for each row.

        seed   whole numbers that decide which: of the training, the step, the process
        The numbers that torch draws from then on are those that it would have drawn without.

        Source: Dropout, Srivastava et al., 2014, JMLR 15, 1929.
        """
        if not share:
            yield
            return
        with torch.random.fork_rng():
            words = np.random.SeedSequence([part % 2**32 for part in seed])
            torch.manual_seed(int(words.generate_state(1)[0]))
            for ops, _ in self._interpreters.values():
                ops.dropout = share
            try:
                yield
            finally:
                for ops, _ in self._interpreters.values():
                    ops.dropout = 0.0

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # The arrays of a dtype on a device are made when the module moves there, and not in a call
        # that torch.compile traces.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no types for it
        tensor = first_tensor(self)
        if tensor is not None:
            self._interpreter(tensor.dtype, tensor.device)
        return self

    def _spaces(self) -> Iterator[Space]:
        yield self.flow.space
        yield self.flow.base_space
        for step in self.flow.steps:
            yield step.input
            yield step.output
        for base in every_base(self.flow.base):
            yield base.space
            for place in base.places if isinstance(base, Transformed) else ():
                yield place.input
                yield place.output

    def set_values(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Set learned values, inside their constraints: data-dependent starts."""
        require("set_values", values=(values, MAPPING))
        with torch.no_grad():
            for path, value in values.items():
                holder, leaf, ends = self._raw[path]
                array = np.asarray(value)
                raw = array if ends is None else _unconstrained(array, ends)
                getattr(holder, leaf).copy_(torch.as_tensor(raw))

    def to_model(self) -> Model:
        """The flow with the present values of its learned parameters."""
        ops = TorchOps(torch.float64)
        weights = {}
        with torch.no_grad():
            for path, (holder, leaf, ends) in self._raw.items():
                raw = getattr(holder, leaf).detach().cpu().double()
                weights[path] = _inside(_constrained(ops, raw, ends).numpy(), ends)
        return Model(self.flow, as_weights(self.flow, weights))


def _constrained(ops: TorchOps, raw: Tensor, ends: Interval | None) -> Tensor:
    """The value that an unconstrained number stands for."""
    value: Array = raw
    for transform in from_real(ends) if ends else ():
        value = transform.forward(ops, value)
    return as_tensor(value)


def _unconstrained(value: NDArray[Any], ends: Interval) -> NDArray[Any]:
    raw: Array = value
    for transform in reversed(from_real(ends)):
        raw = transform.inverse(REFERENCE, raw)
    return np.asarray(raw)


def _inside(value: NDArray[Any], ends: Interval | None) -> NDArray[Any]:
    """A value that rounding has put on an end of its constraint, moved inside."""
    if ends is None:
        return value
    low = np.nextafter(ends.low, math.inf) if math.isfinite(ends.low) else -math.inf
    high = np.nextafter(ends.high, -math.inf) if math.isfinite(ends.high) else math.inf
    return np.asarray(np.clip(value, low, high))
