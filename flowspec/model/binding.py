"""The parameters of a flow as formulas see them, in the place of what the flow says of
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.bases.base import Base
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Pipeline
from flowspec.model.ends import Stretch, base_stretch, exact_ends, placed
from flowspec.model.fixed import FixedFlow
from flowspec.model.matrices import worked_out
from flowspec.model.varying_ends import VaryingStretch, merged, varying_runs
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import Template, values
from flowspec.parts.values import FromContext, Learn, Value, WholeContext
from flowspec.support.space import Space
from flowspec.transforms.chain import Step
from flowspec.transforms.transform import for_formulas


@dataclass(frozen=True, eq=False)
class BoundFlow:
    """A flow whose parameters are values of one interpreter: what
    `flowspec.model.density` takes.
    """

    base: Base
    steps: tuple[Step, ...]
    base_space: Space
    space: Space
    retests_base: bool
    """True if the support of the base depends on parameters that vary."""
    stretch: Stretch | VaryingStretch | None = None
    """The first step, where the density of the base is asked for behind it."""


def bind(
    ops: Ops,
    flow: FixedFlow | Flow,
    learned: Mapping[str, Any] | None = None,
    context: Array | None = None,
    constants: Mapping[str, Any] | None = None,
) -> BoundFlow:
    """The flow with every parameter as formulas see it: `Binding(flow)`, used once."""
    return Binding(flow).bind(ops, learned, context, constants)


class Binding:
    """A flow that is bound again and again: the places of what changes are found once."""

    def __init__(self, flow: FixedFlow | Flow):
        self._flow: Pipeline = flow
        steps = tuple(map(worked_out, placed(flow.steps)))
        runs = varying_runs(flow.base, steps)
        self._steps = exact_ends(steps, {place for run in runs for place in run})
        self._runs = {place: run for run in runs for place in run}
        self._base = Template(flow.base, "base", _is_put_in, keep_derived=True)
        self._transforms = [
            Template(step.transform, path, _is_put_in, keep_derived=True)
            for path, step in ((step.path, step) for step in self._steps)
        ]
        seen = flow.standard and not flow.standard.idle
        self._standard = Template(flow.standard, "context", _is_put_in) if seen else None
        self._retests_base = flow.base.varies
        stretch = base_stretch(flow.base, self._steps)
        self._stretch = Template(stretch, self._steps[0].path, _is_put_in) if stretch else None

    def bind(
        self,
        ops: Ops,
        learned: Mapping[str, Any] | None = None,
        context: Array | None = None,
        constants: Mapping[str, Any] | None = None,
    ) -> BoundFlow:
        """The flow with every parameter as formulas see it.

        learned   path -> value of the interpreter, for every parameter that a `Flow`
                  learns
        context   (C, N), the batch last
        constants path -> fixed arrays of the interpreter, as `fixed_arrays` lists them;
        None makes them anew
        """

        def put(path: str, value: Value, spec: ParameterSpec) -> Value:
            if isinstance(value, Learn):
                return for_formulas((learned or {})[path], spec)
            if isinstance(value, FromContext):
                return value.rows(context) if context is not None else None
            if isinstance(value, WholeContext):
                return seen
            if constants:
                return constants[path]
            return ops.constant(for_formulas(value, spec), path)

        flow, seen = self._flow, context
        if self._standard and context is not None:
            seen = self._standard.filled(put).run(ops, context)
        steps = [
            Step(
                template.filled(put), step.input, step.output, step.retests, step.span, step.places
            )
            for step, template in zip(self._steps, self._transforms, strict=True)
        ]
        steps = list(self._merged(steps))
        base = self._base.filled(put)
        stretch = self._stretch.filled(put) if self._stretch else _stretch(steps)
        retests = self._retests_base
        return BoundFlow(base, tuple(steps), flow.base_space, flow.space, retests, stretch)

    def _merged(self, steps: Sequence[Step]) -> Iterator[Step]:
        """The steps, those as one whose ends vary."""
        for step in steps:
            run = self._runs.get(step.places[0], ())
            if not run:
                yield step
            elif step.places[0] == run[0]:
                yield merged([other for other in steps if other.places[0] in run])

    def fixed_arrays(self) -> dict[str, np.ndarray]:
        """Every fixed array as formulas see it, by path: for interpreters that keep them."""
        return {
            path: for_formulas(value, parameters(owner)[name])
            for prefix, component in self._components()
            for path, owner, name, value in values(component, prefix)
            if isinstance(value, np.ndarray) and value.ndim
        }

    def _components(self) -> Iterator[tuple[str, Any]]:
        yield "base", self._flow.base
        yield from ((step.path, step.transform) for step in self._steps)
        if self._stretch:
            yield self._steps[0].path, self._stretch.component
        if self._flow.standard:
            yield "context", self._flow.standard


def _stretch(steps: Sequence[Step]) -> VaryingStretch | None:
    """The first step, if the base is asked for behind it."""
    first = steps[0].transform if steps else None
    return first if isinstance(first, VaryingStretch) else None


def _is_put_in(value: Value) -> bool:
    """True for values that an interpreter makes its own: arrays, and promises of values."""
    return isinstance(value, Learn | FromContext | WholeContext) or bool(np.ndim(value))
