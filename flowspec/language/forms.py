"""The forms of the language: what looks like a step, but is made by a rule of its own.

To add one, write a class here: checker, messages, `flowspec list` and `explain` find it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import ClassVar, Protocol

import numpy as np

from flowspec.diagnostics.diagnostic import suggest
from flowspec.ir.written import Deferred
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.components import ComponentMaker
from flowspec.language.onto import onto
from flowspec.language.onto_mistakes import OntoInBlock
from flowspec.language.scope import Scope, Unknown
from flowspec.language.values import evaluate, in_words
from flowspec.parts.limits import LONGEST_PIPELINE
from flowspec.parts.origin import origin_of, placed
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform

Made = list[Transform | Deferred | None]
"""Steps; None stands for one that was written wrongly."""


class StepMaker(Protocol):
    """The maker of the steps of a pipeline, as forms ask it for those of their blocks."""

    components: ComponentMaker

    def steps(self, elements: Iterable[syntax.Call], scope: Scope) -> Made:
        """The transforms that elements write, in order."""

    def count_step(self, node: syntax.Call, scope: Scope) -> None:
        """Count a step that a form makes itself."""

    def is_exhausted(self, node: syntax.Call, scope: Scope) -> bool:
        """True if the file has used up its steps."""


class Form(ABC):
    """A form: its documentation, and how its steps are made.

    signature    how it is written
    example      a call, for the documentation
    doc          its meaning, in a sentence or two
    shortest     the shortest call, for messages; "" if it is followed by no block
    head         what stands before its block, for messages
    """

    name: ClassVar[str]
    signature: ClassVar[str]
    example: ClassVar[str]
    doc: ClassVar[str]
    shortest: ClassVar[str] = ""
    head: ClassVar[str] = ""

    @abstractmethod
    def make(self, node: syntax.Call, scope: Scope, maker: StepMaker) -> Made:
        """The steps of a call, whose block is there and holds something."""


class Repeat(Form):
    name = "repeat"
    signature = "repeat(n) { steps }"
    example = "repeat(4) { ActNorm |> Reverse }"
    doc = "The steps of the block, n times; in `repeat(n, i)`, `i` counts from 0."
    shortest = "repeat(4) { Tanh }"
    head = "repeat(n)"

    def make(self, node: syntax.Call, scope: Scope, maker: StepMaker) -> Made:
        arguments = node.arguments or ()
        counter = _bare_name(arguments[1]) if len(arguments) == 2 else None
        one_number = 0 < len(arguments) <= 2 and not arguments[0].name
        if not one_number or (len(arguments) == 2 and counter is None):
            what = "one number: how often, and perhaps a name that counts from 0"
            scope.report(
                mistakes.MissingArgument(
                    span=node.name.span, name=self.name, what=what, signature=self.shortest
                )
            )
            return [None]
        what = "the count of `repeat`"
        count = maker.components.count(arguments[0].value, what, 1, LONGEST_PIPELINE, 4, scope)
        if isinstance(count, Unknown):
            return [None]
        made: Made = []
        for turn in range(count):
            if maker.is_exhausted(node, scope):
                break
            counted = {**scope.values, counter: float(turn)} if counter else scope.values
            made += maker.steps(block(node), replace(scope, values=counted))
        return made


class Inverted(Form):
    name = "inverse"
    signature = "inverse { steps }"
    example = "inverse { Sigmoid }"
    doc = "The steps of the block backwards, each inverted."
    shortest = "inverse { Tanh }"
    head = "inverse"

    def make(self, node: syntax.Call, scope: Scope, maker: StepMaker) -> Made:
        if node.arguments:
            scope.report(
                mistakes.TooManyArguments(
                    span=node.arguments[0].span, name=self.name, most="no arguments",
                    found=len(node.arguments), signature=self.shortest,
                )
            )  # fmt: skip
            return [None]
        return [_inverted(step) for step in reversed(_plain_steps(node, scope, maker))]


def _inverted(step: Transform | None) -> Transform | None:
    if step is None:
        return None
    if isinstance(step, Inverse):
        return step.transform
    if isinstance(step, On):
        undone = _inverted(step.transform)
        inverted: Transform = On(step.output_coordinates, undone) if undone else step
    else:
        inverted = Inverse(step)
    return placed(inverted, origin_of(step))


class OnSome(Form):
    name = "on"
    signature = "on(coordinates) { steps }"
    example = "on(0, 2) { Exp }"
    doc = (
        "The steps of the block, on some coordinates only: "
        "names of `event`, or numbers counted from 0."
    )
    shortest = "on(0) { Tanh }"
    head = "on(...)"

    def make(self, node: syntax.Call, scope: Scope, maker: StepMaker) -> Made:
        coordinates = self._coordinates(node, scope, maker)
        inner = _plain_steps(node, scope, maker)
        if isinstance(coordinates, Unknown):
            return [None]
        made: Made = []
        for step in inner:
            made.append(_acting_on(coordinates, step))
            if step is not None and step.gains:
                first, size = coordinates[0], len(coordinates) + step.gains
                coordinates = tuple(range(first, first + size))
        return made

    def _coordinates(
        self, node: syntax.Call, scope: Scope, maker: StepMaker
    ) -> tuple[int, ...] | Unknown:
        coordinates: list[int] = []
        for argument in node.arguments or ():
            places = self._places(argument, scope, maker)
            if isinstance(places, Unknown):
                return places
            coordinates += places
        if coordinates:
            return tuple(coordinates)
        advice = "name coordinates or count them from 0: `on(0, 2) { Tanh }`"
        return scope.report(
            mistakes.UnknownCoordinate(span=node.name.span, found="`on`", advice=advice)
        )

    def _places(
        self, argument: syntax.Argument, scope: Scope, maker: StepMaker
    ) -> list[int] | Unknown:
        node = argument.value
        names = scope.event.names if scope.event else ()
        name = syntax.bare_name(node)
        if scope.event and name is not None and (places := scope.event.places(name)):
            return [*places]
        is_bare = isinstance(node, syntax.Call) and node.arguments is None
        if isinstance(node, syntax.Call) and is_bare and scope.lookup(node.name.text) is None:
            near = suggest(node.name.text, names)
            declared = "`event` declares the names; counting starts at 0"
            mistake = mistakes.UnknownCoordinate(
                span=node.span, found=f"`{node.name.text}`", suggestion=near,
                advice=f"did you mean `{near}`?" if near else declared,
            )  # fmt: skip
            return scope.report(mistake)
        value = evaluate(node, scope, maker.components.value_component)
        if isinstance(value, Unknown):
            return value
        if isinstance(value, int | float | np.ndarray):
            numbers = np.atleast_1d(np.asarray(value, float))
            if np.all((numbers >= 0) & (numbers == np.round(numbers)) & (numbers <= 1e6)):
                return [int(v) for v in numbers]
        advice = "name coordinates, or count them from 0"
        found = in_words(value)
        return scope.report(mistakes.UnknownCoordinate(span=node.span, found=found, advice=advice))


def _acting_on(coordinates: tuple[int, ...], step: Transform | None) -> Transform | None:
    if step is None:
        return None
    if isinstance(step, On) and max(step.coordinates) < len(coordinates):
        acting = On(tuple(coordinates[i] for i in step.coordinates), step.transform)
    else:
        acting = On(coordinates, step)
    return placed(acting, origin_of(step))


class Onto(Form):
    name = "Onto"
    signature = "Onto(event, edges=[columns], tails=[columns])"
    example = "Onto(event)"
    doc = (
        "The standard bijector of each coordinate onto its declared support: exp for half-lines, "
        "the logistic for bounded intervals, stick breaking for a simplex. At the ends of columns "
        "in `edges` the density may have any height, and columns in `tails` have tails that are "
        "powers: NormalCDF for bounded intervals, NormalToPareto for half-lines, ParetoTails for "
        "real numbers."
    )

    def make(self, node: syntax.Call, scope: Scope, maker: StepMaker) -> Made:
        maker.count_step(node, scope)
        steps = onto(node, scope)
        return [steps and placed(steps, scope.origin(node.span))]


@cache
def forms() -> MappingProxyType[str, Form]:
    """All forms, by name."""
    return MappingProxyType({kind.name: kind() for kind in Form.__subclasses__()})


@cache
def block_forms() -> MappingProxyType[str, Form]:
    """The forms that are followed by a block."""
    return MappingProxyType({name: form for name, form in forms().items() if form.shortest})


def block(node: syntax.Call) -> tuple[syntax.Call, ...]:
    """The elements between the braces."""
    return node.block.elements if node.block else ()


def _plain_steps(node: syntax.Call, scope: Scope, maker: StepMaker) -> list[Transform | None]:
    """The steps of a block without `Onto`, which has to see the whole event."""
    made = maker.steps(block(node), scope)
    plain = [step for step in made if not isinstance(step, Deferred)]
    if len(plain) == len(made):
        return plain
    scope.report(OntoInBlock(span=node.span, form=node.name.text))
    return [None]


def _bare_name(argument: syntax.Argument) -> str | None:
    """The name that an argument consists of; None if it is anything else."""
    value = argument.value
    if argument.name is not None or not isinstance(value, syntax.Call):
        return None
    is_bare = value.arguments is None and value.copies is None
    return value.name.text if is_bare else None
