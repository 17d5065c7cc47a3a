"""The parameters of a flow as formulas see them: put in the place of what the flow says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flowspec.ir.flow import Flow, Step
from flowspec.ops import Ops
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import children, values, with_fields
from flowspec.parts.values import FromContext, Learn, Value, WholeContext
from flowspec.transforms.transform import for_formulas

Putting = Callable[[str, Value, ParameterSpec], Value]
"""(path, value in the flow, its specification) -> the value for formulas."""


def bind(
    ops: Ops,
    flow: Flow,
    learned: Mapping[str, Any] | None = None,
    context=None,
    constants: Mapping[str, Any] | None = None,
) -> Flow:
    """The flow with every parameter as formulas see it: `Binding(flow)`, used once."""
    return Binding(flow).bind(ops, learned, context, constants)


class Binding:
    """A flow that is bound again and again: which of its parts hold what changes is found out once."""

    def __init__(self, flow: Flow):
        self._flow = flow
        self._base = _Place(flow.base, "base")
        self._steps = [_Place(step.transform, f"steps.{i}") for i, step in enumerate(flow.steps)]
        self._standard = (
            _Place(flow.standard, "context") if flow.standard and not flow.standard.idle else None
        )

    def bind(
        self,
        ops: Ops,
        learned: Mapping[str, Any] | None = None,
        context=None,
        constants: Mapping[str, Any] | None = None,
    ) -> Flow:
        """The flow with every parameter as formulas see it.

        learned   path -> value of the interpreter, for parameters that are still learned (else: none may be left)
        context   (C, N), the batch last
        constants path -> fixed arrays of the interpreter, as `fixed_arrays` lists them; None makes them anew
        """

        def put(path: str, value: Value, spec: ParameterSpec) -> Value:
            if isinstance(value, Learn):
                return for_formulas((learned or {})[path], spec)
            if isinstance(value, FromContext):
                return context[value.index]
            if isinstance(value, WholeContext):
                return seen
            return constants[path] if constants else ops.constant(for_formulas(value, spec))

        flow = self._flow
        seen = (
            self._standard.filled(put).run(ops, context)
            if self._standard and context is not None
            else context
        )
        steps = [
            Step(place.filled(put), step.input, step.output, step.retests, step.span, step.place)
            for step, place in zip(flow.steps, self._steps, strict=True)
        ]
        return Flow(
            self._base.filled(put), tuple(steps), flow.context, flow.event, flow.retests_base
        )


class _Place:
    """A part, which of its fields are put in anew, and the parts inside it for which that is so."""

    def __init__(self, part: Any, path: str):
        self._part = part
        with_fields(
            part, {}
        )  # looks up what it needs to know of the class now, and not in a call that is traced
        self._values = [
            (name, f"{path}.{name}", value, spec)
            for name, spec in parameters(part).items()
            if isinstance(value := getattr(part, name), Learn | FromContext | WholeContext)
            or np.ndim(value)
        ]
        changed = {name for name, *_ in self._values}
        self._kept = [(name, value) for name, value in part.__dict__.items() if name not in changed]
        self._inner: dict[str, list[_Place]] = {}
        self._alone: dict[str, bool] = {}
        for name, child in children(part):
            field, _, index = name.partition(".")
            self._inner.setdefault(field, []).append(_Place(child, f"{path}.{name}"))
            self._alone[field] = not index

    def filled(self, put: Putting) -> Any:
        """A copy of the part with the values that `put` gives. What it has derived from its fields stays."""
        copy = object.__new__(type(self._part))
        for name, value in self._kept:
            object.__setattr__(copy, name, value)
        for name, path, value, spec in self._values:
            object.__setattr__(copy, name, put(path, value, spec))
        for field, places in self._inner.items():
            inner = (
                places[0].filled(put)
                if self._alone[field]
                else tuple([place.filled(put) for place in places])
            )
            object.__setattr__(copy, field, inner)
        return copy


def fixed_arrays(flow: Flow) -> dict[str, np.ndarray]:
    """Every fixed array of a flow as formulas see it, by path: for interpreters that keep them."""
    return {
        path: for_formulas(value, parameters(owner)[name])
        for prefix, part in flow.parts
        for path, owner, name, value in values(part, prefix)
        if isinstance(value, np.ndarray) and value.ndim
    }
