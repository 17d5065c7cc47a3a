"""Calls to components: arguments matched to the fields of a base or a transform."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from flowspec.bases.base import Base, Coordinatewise
from flowspec.bases.join import Join
from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.source import Place
from flowspec.ir import registry
from flowspec.language import check_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.language.values import CONSTANTS, FUNCTIONS, evaluate, in_words
from flowspec.parts.fields import ParameterSpec, PartSpec, Spec, parameters, specs
from flowspec.parts.limits import MOST_COMPONENTS, MOST_COPIES
from flowspec.parts.origin import origin_of, placed
from flowspec.parts.trees import count as component_count
from flowspec.parts.trees import with_fields
from flowspec.parts.values import FromContext, Learn
from flowspec.parts.writing import signature
from flowspec.support.interval import Interval
from flowspec.transforms.transform import Univariate


class ComponentMaker:
    """The maker of bases and transforms, from calls; each carries the place of its call."""

    def value_component(self, node: syntax.Call, scope: Scope) -> Any:
        """A component in value position; None if the name is none."""
        name = node.name.text
        if name in registry.bases():
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
                return self.value_component(body[0], scope)
        return None

    # --- bases ------------------------------------------------------------------------------------

    def base(self, node: syntax.Call, scope: Scope) -> Base | Unknown:
        """The base that a call writes, with its copies."""
        made: Base | Unknown = self.make(registry.bases()[node.name.text], node, scope)
        if isinstance(made, Unknown) or node.copies is None:
            return made
        count = self.count(node.copies, "the number of copies", 1, MOST_COPIES, 2, scope)
        return count if isinstance(count, Unknown) else self._copied(made, count, node, scope)

    def _copied(self, base: Base, count: int, node: syntax.Call, scope: Scope) -> Base | Unknown:
        if base.event_shape:
            return scope.report(mistakes.CopiedVector(span=node.span, name=node.name.text))
        if isinstance(base, Coordinatewise):
            copied: Base = dataclasses.replace(base, size=count)
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
        kind = (
            registry.named_transforms().get(node.name.text)
            if isinstance(node, syntax.Call)
            else None
        )
        if (
            kind is None
            and isinstance(node, syntax.Call)
            and not self._has_value(node.name.text, scope)
        ):
            fitting = [
                name
                for name, each in registry.named_transforms().items()
                if issubclass(each, Univariate)
            ]
            near = suggest(node.name.text, fitting)
            advice = (
                f"did you mean `{near}`?"
                if near
                else "`MonotonicAffine` and `RQS(bins=8)` are two of them"
            )
            return scope.report(
                mistakes.UnknownName(
                    span=node.name.span, kind="step", name=node.name.text, advice=advice
                )
            )
        if kind is None or not issubclass(kind, Univariate):
            return evaluate(node, scope, self.value_component)
        assert isinstance(node, syntax.Call)
        made = self.make(kind, node, scope, given=True)
        if isinstance(made, Unknown):
            return made
        written = {argument.name.text for argument in node.arguments or () if argument.name}
        written |= set(
            list(specs(kind))[: sum(argument.name is None for argument in node.arguments or ())]
        )
        free = {
            name: Learn(_start(spec, getattr(made, name)))
            for name, spec in parameters(kind).items()
            if spec.trainable and name not in written and not isinstance(getattr(made, name), Learn)
        }
        return with_fields(made, free)

    @staticmethod
    def _has_value(name: str, scope: Scope) -> bool:
        known = (registry.bases(), scope.macros, CONSTANTS, FUNCTIONS, ("learn",))
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
            fields[name] = tuple(values) if isinstance(spec, PartSpec) and spec.many else values[0]
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
                if name not in fields and _required(kind, name)
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
        inner = isinstance(spec, PartSpec) and spec.univariate
        value = (
            self.univariate(argument.value, scope)
            if inner
            else evaluate(argument.value, scope, self.value_component)
        )
        if isinstance(value, Unknown):
            return value
        expected = None
        if inner:
            expected = (
                None
                if isinstance(value, Univariate)
                else "a step of one number, such as `RQS(bins=8)`"
            )
        elif isinstance(spec, PartSpec):
            expected = None if isinstance(value, Base) else "a base, such as `Normal(0, 1)`"
        elif isinstance(spec, ParameterSpec):
            numeric = isinstance(
                value, int | float | np.ndarray | Learn | FromContext
            ) and not isinstance(value, bool)
            expected = None if numeric else "a number"
        elif spec.kind is list:
            if isinstance(value, np.ndarray) and value.ndim == 2 and are_integers(value):
                return tuple(tuple(int(v) for v in row) for row in value)
            expected = "a matrix of whole numbers, such as `[[1, 0], [1, 1]]`"
        elif spec.kind is tuple:
            if isinstance(value, np.ndarray) and value.ndim == 1 and are_integers(value):
                return tuple(int(v) for v in value)
            expected = "a vector of whole numbers, such as `[1, 0]`"
        elif isinstance(value, np.ndarray | Learn | FromContext | Base):
            expected = "one fixed value"
        elif spec.kind is int and isinstance(value, float) and are_integers(value):
            return int(value)
        if expected is None:
            return value
        return scope.report(
            mistakes.WrongKind(
                span=argument.value.span, name=kind.__name__, argument=name, expected=expected,
                found=_found(value),
                advice=f"write it like this: `{signature(kind)}`",
            )
        )  # fmt: skip


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


def _required(kind: type, name: str) -> bool:
    field = next(f for f in dataclasses.fields(kind) if f.name == name)
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def match_arguments(
    kind: type, node: syntax.Call, scope: Scope, given: bool = False
) -> dict[str, list[syntax.Argument]] | Unknown:
    """The arguments of each field; UNKNOWN, with the mistakes noted, if they do not fit."""
    names = list(specs(kind))
    variadic = next((n for n, s in specs(kind).items() if isinstance(s, PartSpec) and s.many), None)
    found: dict[str, list[syntax.Argument]] = {}
    position, wrong = 0, False
    for argument in node.arguments or ():
        mistake = None
        if argument.name is not None:
            name = argument.name.text
            if name not in names:
                mistake = _unknown_argument(kind, argument.name)
            elif name in found:
                mistake = mistakes.RepeatedArgument(
                    span=argument.span,
                    related=(Place(found[name][0].span),),
                    name=kind.__name__,
                    argument=name,
                )
        elif any(each.name for arguments in found.values() for each in arguments):
            mistake = mistakes.PositionAfterName(span=argument.span)
        elif position >= len(names):
            mistake = _too_many(kind, node, argument)
        else:
            name = names[position]
            position += name != variadic
        if mistake:
            scope.report(mistake)
            wrong = True
            if isinstance(mistake, mistakes.TooManyArguments):
                break
            continue
        found.setdefault(name, []).append(argument)
    missing = None if given else _missing(kind, found, node)
    if missing and not wrong:
        scope.report(missing)
    return UNKNOWN if wrong or missing else found


def _unknown_argument(kind: type, name: syntax.Name) -> Diagnostic:
    near = suggest(name.text, specs(kind))
    known = ", ".join(f"`{field}`" for field in specs(kind))
    advice = (
        f"did you mean `{near}`?"
        if near
        else (f"it takes {known}" if known else "it takes no arguments")
    )
    return mistakes.UnknownArgument(
        span=name.span, name=kind.__name__, argument=name.text, advice=advice
    )


def _too_many(kind: type, node: syntax.Call, first: syntax.Argument) -> Diagnostic:
    count = len(specs(kind))
    most = "no arguments" if count == 0 else f"{count} argument{'s' if count > 1 else ''}"
    found = len(node.arguments or ())
    return mistakes.TooManyArguments(
        span=first.span, name=kind.__name__, most=most, found=found, signature=signature(kind)
    )


def _missing(kind: type, written: Mapping[str, Any], node: syntax.Call) -> Diagnostic | None:
    for field in dataclasses.fields(kind):
        spec = field.metadata.get("spec")
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if spec and required and field.name not in written:
            what = f"`{field.name}`: {spec.doc}" if spec.doc else f"`{field.name}`"
            return mistakes.MissingArgument(
                span=node.span, name=kind.__name__, what=what, signature=signature(kind)
            )
    return None


def are_integers(values: float | np.ndarray) -> bool:
    """True if all of them are whole numbers, none infinite or NaN."""
    return bool(np.all(np.isfinite(values)) and np.all(values == np.round(values)))
