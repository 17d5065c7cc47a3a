"""The parameters of a flow as formulas see them, in the place of what the flow says of
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowspec.bases.base import Base
from flowspec.bases.transformed import Chain, Transformed
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Pipeline
from flowspec.model.ends import base_stretch, exact_ends, placed
from flowspec.model.fixed import FixedFlow
from flowspec.model.matrices import worked_out
from flowspec.model.varying_ends import VaryingStretch, merged, varying_runs
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import ParameterSpec
from flowspec.parts.trees import Put, Template, with_fields
from flowspec.parts.values import FromContext, Learn, Value, WholeContext
from flowspec.support.space import Space
from flowspec.transforms.chain import Step
from flowspec.transforms.transform import for_formulas


@dataclass(frozen=True, eq=False)
class BoundFlow(Chain):
    """A flow whose parameters are values of one interpreter: what
    `flowspec.model.density` takes.
    """

    space: Space = field(kw_only=True)
    seen: Array | None = field(kw_only=True, default=None)
    """The context as networks see it, (C, N)."""


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
        self._chain = _ChainTemplate(flow.base, flow.steps, "")
        seen = flow.standard and not flow.standard.idle
        self._standard = Template(flow.standard, "context", _is_put_in) if seen else None

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
        chain = self._chain.filled(put)
        return BoundFlow(
            chain.base, chain.steps, flow.base_space, chain.stretch, space=flow.space, seen=seen
        )

    def fixed_arrays(self) -> dict[str, np.ndarray]:
        """Every fixed array as formulas see it, by path: for interpreters that keep them."""
        standard = self._standard.values() if self._standard else ()
        return {
            path: for_formulas(value, spec)
            for path, value, spec in (*self._chain.values(), *standard)
            if isinstance(value, np.ndarray) and value.ndim
        }


class _ChainTemplate:
    """A base and the steps behind it, filled with values again and again.

    Steps that keep the distance to an end of their support only together are one.
    """

    def __init__(self, base: Base, steps: Sequence[Step], prefix: str):
        """`prefix` of the paths: `base.bases.0.` of a flow that stands in a base."""
        steps = tuple(map(worked_out, placed(steps)))
        runs = varying_runs(base, steps)
        self._runs = {place: run for run in runs for place in run.places}
        self._steps = exact_ends(steps, {place for run in runs for place in run.places})
        self._base_space = steps[0].input if steps else base.space
        self._base = _base_template(base, f"{prefix}base")
        self._transforms = [
            _template(step.transform, f"{prefix}{step.path}") for step in self._steps
        ]
        stretch = base_stretch(base, self._steps)
        self._stretch = _template(stretch, f"{prefix}{self._steps[0].path}") if stretch else None

    def values(self) -> Iterator[tuple[str, Value, ParameterSpec]]:
        """The values that change: (path, value, its specification)."""
        stretch = [self._stretch] if self._stretch else []
        for template in (self._base, *self._transforms, *stretch):
            yield from template.values()

    def filled(self, put: Put) -> Chain:
        """The chain with the values that `put` gives."""
        bound = [
            Step(
                template.filled(put), step.input, step.output, step.retests, step.span, step.places
            )
            for step, template in zip(self._steps, self._transforms, strict=True)
        ]
        steps = tuple(self._merged(bound))
        stretch = self._stretch.filled(put) if self._stretch else _stretch(steps)
        return Chain(self._base.filled(put), steps, self._base_space, stretch)

    def _merged(self, steps: Sequence[Step]) -> Iterator[Step]:
        """The steps, those as one whose ends vary."""
        for step in steps:
            run = self._runs.get(step.places[0])
            if run is None:
                yield step
            elif step.places[0] == run.places[0]:
                yield merged([s for s in steps if s.places[0] in run.places], run.between)


class _TransformedTemplate(Template):
    """A flow that stands in a base."""

    def __init__(self, component: Transformed, path: str):
        super().__init__(component, path, lambda value: False, keep_derived=True)
        self._chain = _ChainTemplate(component.base, component.places, f"{path}.")

    def values(self) -> Iterator[tuple[str, Value, ParameterSpec]]:
        return self._chain.values()

    def filled(self, put: Put) -> Transformed:
        copy: Transformed = with_fields(self.component, {})
        for name in ("space", "support_varies"):
            copy.__dict__[name] = getattr(self.component, name)
        copy.__dict__["chain"] = self._chain.filled(put)
        return copy


def _base_template(base: Base, path: str) -> Template:
    """The template of a base, of those inside it too."""
    _ = base.space, base.support_varies  # bound copies keep what is known by now
    if isinstance(base, Transformed):
        return _TransformedTemplate(base, path)
    return Template(base, path, _is_put_in, keep_derived=True, inner=_inner_template)


def _inner_template(component: Any, path: str) -> Template:
    return (_base_template if isinstance(component, Base) else _template)(component, path)


def _template(component: Any, path: str) -> Template:
    return Template(component, path, _is_put_in, keep_derived=True)


def _stretch(steps: Sequence[Step]) -> VaryingStretch | None:
    """The first step, if the base is asked for behind it."""
    first = steps[0].transform if steps else None
    return first if isinstance(first, VaryingStretch) else None


def _is_put_in(value: Value) -> bool:
    """True for values that an interpreter makes its own: arrays, and promises of values."""
    return isinstance(value, Learn | FromContext | WholeContext) or bool(np.ndim(value))
