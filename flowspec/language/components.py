"""Calls to components: arguments matched to the fields of a base or a transform."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from flowspec.bases.base import Base, Coordinatewise
from flowspec.bases.join import Join
from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.ir import registry
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.arguments import is_required, match_arguments
from flowspec.language.coordinates import Coordinates
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.language.values import CONSTANTS, FUNCTIONS, evaluate, in_words
from flowspec.parts.fields import ComponentSpec, ParameterSpec, Spec, parameters, specs
from flowspec.parts.limits import DEEPEST_MACROS, MOST_COMPONENTS, MOST_COPIES
from flowspec.parts.origin import origin_of, placed
from flowspec.parts.trees import count as component_count
from flowspec.parts.trees import with_fields
from flowspec.parts.values import FromContext, Learn
from flowspec.parts.writing import signature
from flowspec.support.support import Interval
from flowspec.transforms.transform import Univariate


class ComponentMaker:
    """The maker of bases and transforms, from calls; each carries the place of its call."""

    def value_component(self, node: syntax.Call | syntax.Pipeline, scope: Scope) -> Any:
        """A component in value position; None if the name is none."""
        assert isinstance(node, syntax.Call)  # flows are made by those who know of steps
        name = node.name.text
        if name in registry.named_bases():
            return self.base(node, scope)
        if name in registry.named_transforms():
            return self.make(registry.named_transforms()[name], node, scope)
        if name in scope.macros:
            body = scope.macros[name].body.elements
            if (
                len(body) == 1
                and node.arguments in (None, ())
                and not scope.macros[name].parameters
            ):
                return self._defined(node, body[0], scope)
        return None

    def _defined(self, node: syntax.Call, body: syntax.Call, scope: Scope) -> Any:
        """The component that a macro stands for, whose body is one call."""
        name = node.name.text
        if name in scope.calls:
            return scope.report(mistakes.Recursion(span=node.span, name=name))
        if len(scope.calls) >= DEEPEST_MACROS:
            too_deep = mistakes.TooDeep(span=node.span, name=name, limit=DEEPEST_MACROS)
            return scope.report(too_deep)
        return self.value_component(body, dataclasses.replace(scope, calls=(*scope.calls, name)))

    # --- bases ------------------------------------------------------------------------------------

    def base(self, node: syntax.Call, scope: Scope) -> Base | Unknown:
        """The base that a call writes, with its copies."""
        made: Base | Unknown = self.make(registry.named_bases()[node.name.text], node, scope)
        if isinstance(made, Unknown) or node.copies is None:
            return made
        value = evaluate(node.copies, scope, self.value_component)
        if isinstance(value, Coordinates):
            return self._copied(made, value, node, scope)
        count = self.counted(value, node.copies, "the number of copies", 1, MOST_COPIES, 2, scope)
        return count if isinstance(count, Unknown) else self._copied(made, count, node, scope)

    def _copied(
        self, base: Base, count: int | Coordinates, node: syntax.Call, scope: Scope
    ) -> Base | Unknown:
        if base.event_shape:
            return scope.report(mistakes.CopiedVector(span=node.span, name=node.name.text))
        if isinstance(count, Coordinates):
            copied = count.copies(base)
        elif isinstance(base, Coordinatewise):
            copied = dataclasses.replace(base, size=count)
        else:
            copied = Join(bases=(base,) * count)
        if component_count(copied) > MOST_COMPONENTS:
            return scope.report(
                mistakes.TooManyBases(span=node.span, name=node.name.text, limit=MOST_COMPONENTS)
            )
        return placed(copied, scope.origin(node.span, origin_of(base).fields))

    def count(
        self, node: syntax.Node, what: str, low: int, high: int, example: int, scope: Scope
    ) -> int | Unknown:
        """A whole number within bounds."""
        value = evaluate(node, scope, self.value_component)
        return self.counted(value, node, what, low, high, example, scope)

    @staticmethod
    def counted(
        value: Any, node: syntax.Node, what: str, low: int, high: int, example: int, scope: Scope
    ) -> int | Unknown:
        """A value that has to be a whole number within bounds."""
        if isinstance(value, Unknown):
            return value
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and are_integers(value)
            and low <= value <= high
        ):
            return int(value)
        found = in_words(value)
        return scope.report(
            mistakes.BadCount(
                span=node.span, what=what, low=low, high=high, found=found, example=example
            )
        )

    # --- arguments --------------------------------------------------------------------------------

    def univariate(self, node: syntax.Node, scope: Scope) -> Any:
        """A step of one number, of whose parameters a network gives those that are not written."""
        name = node.name.text if isinstance(node, syntax.Call) else ""
        kind = registry.named_transforms().get(name)
        if isinstance(node, syntax.Call) and kind is None and not self._has_value(name, scope):
            return scope.report(_unknown_univariate(node.name))
        if not isinstance(node, syntax.Call) or kind is None or not issubclass(kind, Univariate):
            return evaluate(node, scope, self.value_component)
        made = self.make(kind, node, scope, given=True)
        if isinstance(made, Unknown):
            return made
        names = [argument.name for argument in node.arguments or ()]
        written = {name.text for name in names if name} | set(
            list(specs(kind))[: names.count(None)]
        )
        free = {
            name: Learn(_start(spec, getattr(made, name)))
            for name, spec in parameters(kind).items()
            if spec.trainable and name not in written and not isinstance(getattr(made, name), Learn)
        }
        return with_fields(made, free)

    @staticmethod
    def _has_value(name: str, scope: Scope) -> bool:
        known = (registry.named_bases(), scope.macros, CONSTANTS, FUNCTIONS, ("learn",))
        return scope.lookup(name) is not None or any(name in names for names in known)

    def make(self, kind: type, node: syntax.Call, scope: Scope, *, given: bool = False) -> Any:
        """The component that a call writes: its arguments in the fields of `kind`.

        given   parameters may be missing: something else gives them
        """
        written = match_arguments(kind, node, scope, given)
        if isinstance(written, Unknown):
            return written
        fields, spans = {}, {}
        for name, arguments in written.items():
            spec = specs(kind)[name]
            values = [self._field(kind, name, spec, argument, scope) for argument in arguments]
            fields[name] = (
                tuple(values) if isinstance(spec, ComponentSpec) and spec.many else values[0]
            )
            spans[name] = arguments[0].span
        if any(
            isinstance(v, Unknown)
            for value in fields.values()
            for v in (value if isinstance(value, tuple) else [value])
        ):
            return UNKNOWN
        if given:
            fields |= {
                name: 0.0
                for name in parameters(kind)
                if name not in fields and is_required(kind, name)
            }
        made = kind(**fields)
        if component_count(made) > MOST_COMPONENTS:
            return scope.report(
                mistakes.TooManyBases(span=node.span, name=kind.__name__, limit=MOST_COMPONENTS)
            )
        return placed(made, scope.origin(node.span, spans))

    def _field(
        self, kind: type, name: str, spec: Spec, argument: syntax.Argument, scope: Scope
    ) -> Any:
        inner = isinstance(spec, ComponentSpec) and spec.univariate
        value = (
            self.univariate(argument.value, scope)
            if inner
            else evaluate(argument.value, scope, self.value_component)
        )
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Coordinates) and name == "features":
            return value.size
        if isinstance(value, str) and isinstance(spec, ParameterSpec) and scope.context:
            # A name in quotes stands where a plain one can.
            value = scope.context.value(value) or value
        if isinstance(spec, ParameterSpec) and isinstance(value, np.ndarray) and not value.size:
            return scope.report(mistakes.EmptyVector(span=argument.value.span))
        converted = field_value(spec, value)
        if converted is not None:
            return converted
        return scope.report(
            mistakes.WrongKind(
                span=argument.value.span, name=kind.__name__, argument=name,
                expected=expected_words(spec), found=_found(value),
                advice=_advice(kind, value, scope), suggestion=_near(value, scope),
            )
        )  # fmt: skip


def _advice(kind: type, value: Any, scope: Scope) -> str:
    """What to write in the place of a value of another kind."""
    near = _near(value, scope)
    return f"did you mean `{near}`?" if near else f"write it like this: `{signature(kind)}`"


def _near(value: Any, scope: Scope) -> str:
    """The name of the context that a word in quotes is nearest to."""
    near = suggest(value, scope.context.words) if isinstance(value, str) and scope.context else ""
    return near and f'"{near}"'


def _unknown_univariate(name: syntax.Name) -> Diagnostic:
    steps = registry.named_transforms().items()
    near = suggest(name.text, [each for each, kind in steps if issubclass(kind, Univariate)])
    examples = "`MonotonicAffine` and `RQS(bins=8)` are two of them"
    advice = f"did you mean `{near}`?" if near else examples
    return mistakes.UnknownName(
        span=name.span, kind="step", name=name.text, advice=advice, suggestion=near
    )


def field_value(spec: Spec, value: Any) -> Any:
    """A value as a field of this kind holds it; None if it is of another kind."""
    if isinstance(spec, ComponentSpec):
        return value if isinstance(value, Univariate if spec.univariate else Base) else None
    if isinstance(spec, ParameterSpec):
        is_number = isinstance(value, int | float | np.ndarray | Learn | FromContext)
        return value if is_number and not isinstance(value, bool) else None
    if spec.kind in (list, tuple):
        axes = 2 if spec.kind is list else 1
        if not isinstance(value, np.ndarray) or value.ndim != axes or not are_integers(value):
            return None
        rows = [tuple(int(v) for v in row) for row in np.atleast_2d(value)]
        return tuple(rows) if spec.kind is list else rows[0]
    if isinstance(value, np.ndarray | Learn | FromContext | Base | Coordinates):
        return None
    is_count = spec.kind is int and isinstance(value, float) and are_integers(value)
    return int(value) if is_count else value


def expected_words(spec: Spec) -> str:
    """The values of a field of this kind, as a message says it."""
    if isinstance(spec, ComponentSpec):
        example = "a step of one number, such as `RQS(bins=8)`"
        return example if spec.univariate else "a base, such as `Normal(0, 1)`"
    if isinstance(spec, ParameterSpec):
        return "a number"
    vectors: dict[type, str] = {
        list: "a matrix of whole numbers, such as `[[1, 0], [1, 1]]`",
        tuple: f"a vector of whole numbers, such as `{'[1, 0]' if spec.low < 1 else '[64, 64]'}`",
    }
    return vectors.get(spec.kind, "one fixed value")


def _found(value: Any) -> str:
    whole = isinstance(value, np.ndarray) and value.ndim == 1 and are_integers(value)
    return (
        "a vector of fractions"
        if isinstance(value, np.ndarray) and value.ndim == 1 and not whole
        else in_words(value)
    )


def _start(spec: ParameterSpec, value: Any) -> float:
    """The start of a parameter that a network gives: its default, or a number it may be."""
    if isinstance(value, int | float) and value in spec.within:
        return float(value)
    return spec.within.inner_point if isinstance(spec.within, Interval) else 1.0


def are_integers(values: float | np.ndarray) -> bool:
    """True if all of them are whole numbers, none infinite or NaN."""
    return bool(np.all(np.isfinite(values)) and np.all(values == np.round(values)))
