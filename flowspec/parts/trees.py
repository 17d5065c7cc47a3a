"""Trees of components: a composite component holds others in its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from flowspec.parts.fields import ParameterSpec, field_names, inner_names, parameters
from flowspec.parts.values import Learn, Value

_Component = TypeVar("_Component")

Put = Callable[[str, Value, ParameterSpec], Value]
"""(path, value, its specification) -> the value in its place."""


def children(component: Any) -> Iterator[tuple[str, Any]]:
    """The parts inside a composite part, with their paths: `bases.0`, `transform`."""
    for name, many in inner_names(type(component)):
        if many:
            yield from (
                (f"{name}.{index}", item) for index, item in enumerate(getattr(component, name))
            )
        else:
            yield name, getattr(component, name)


def count(component: Any) -> int:
    """The number of components in a tree, itself included.

    A `let` makes it easy to double them.
    """
    known: int | None = component.__dict__.get("_count")
    if known is None:
        known = 1 + sum(count(child) for _, child in children(component))
        component.__dict__["_count"] = known
    return known


def values(component: Any, path: str) -> Iterator[tuple[str, Any, str, Value]]:
    """Every parameter in a tree of parts: (path, the part that owns it, field, value)."""
    for name in parameters(component):
        yield f"{path}.{name}", component, name, getattr(component, name)
    for name, child in children(component):
        yield from values(child, f"{path}.{name}")


class Template:
    """A tree of components whose values are put in again and again: one copier for all of
    them.

    The fields that change are found once.

    changes       the values that are put in anew; all by default
    keep_derived  keep what components have derived from their fields (their support): for
                  values
                  that an interpreter puts in the place of the checked ones
    """

    def __init__(
        self,
        component: Any,
        path: str,
        changes: Callable[[Value], bool] = lambda value: True,
        *,
        keep_derived: bool = False,
        inner: Callable[[Any, str], Template] | None = None,
    ):
        """`inner` makes the templates of components inside; by default they are of this kind."""
        inner = inner or partial(Template, changes=changes, keep_derived=keep_derived)
        self.component = component
        specs, held = parameters(component), component.__dict__
        self._values = [
            (name, f"{path}.{name}", held[name], spec)
            for name, spec in specs.items()
            if changes(held[name])
        ]
        anew = {name for name, *_ in self._values}
        kept = held if keep_derived else (*field_names(type(component)), "origin")
        self._kept = [(name, held[name]) for name in kept if name in held and name not in anew]
        self._inner: dict[str, list[Template]] = {}
        self._many: dict[str, bool] = {}
        for name, child in children(component):
            field, _, index = name.partition(".")
            self._inner.setdefault(field, []).append(inner(child, f"{path}.{name}"))
            self._many[field] = bool(index)

    def values(self) -> Iterator[tuple[str, Value, ParameterSpec]]:
        """The values that change: (path, value, its specification)."""
        for _, path, value, spec in self._values:
            yield path, value, spec
        for templates in self._inner.values():
            for template in templates:
                yield from template.values()

    def filled(self, put: Put) -> Any:
        """A copy of the tree with the values that `put` gives."""
        copy = object.__new__(type(self.component))
        for name, value in self._kept:
            object.__setattr__(copy, name, value)
        for name, path, value, spec in self._values:
            object.__setattr__(copy, name, put(path, value, spec))
        for field, templates in self._inner.items():
            inner = [template.filled(put) for template in templates]
            object.__setattr__(copy, field, tuple(inner) if self._many[field] else inner[0])
        return copy


def substitute(component: Any, path: str, put: Put, *, keep_derived: bool = False) -> Any:
    """The same tree with every parameter passed through `put(path, value, spec)`."""
    return Template(component, path, keep_derived=keep_derived).filled(put)


def with_values(component: Any, path: str, learned: Mapping[str, Value]) -> Any:
    """The same tree with values, by path, in the place of what is learned."""

    def put(path: str, value: Value, spec: ParameterSpec) -> Value:
        return learned.get(path, value) if isinstance(value, Learn) else value

    return substitute(component, path, put)


def with_children(component: Any, inner: Mapping[str, Any]) -> Any:
    """A copy of a component with others inside: `inner` maps the paths of `children` to
    them.
    """
    changed: dict[str, Any] = {}
    for path, child in inner.items():
        name, _, index = path.partition(".")
        changed[name] = (*changed.get(name, ()), child) if index else child
    return with_fields(component, changed)


def with_fields(component: _Component, changed: Mapping[str, Any]) -> _Component:
    """A copy of a component with other field values, which are not checked again."""
    copy: _Component = object.__new__(type(component))
    for name in field_names(type(component)):
        object.__setattr__(
            copy, name, changed[name] if name in changed else getattr(component, name)
        )
    if (origin := getattr(component, "origin", None)) is not None:
        object.__setattr__(copy, "origin", origin)
    return copy
