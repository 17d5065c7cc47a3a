"""Trees of components: a composite component holds others in its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowspec.parts.fields import field_names, inner_names, parameters
from flowspec.parts.values import Value

# --- trees of parts: a composite part holds others in its fields -------------------------------


def children(part: Any) -> Iterator[tuple[str, Any]]:
    """The parts inside a composite part, with their paths: `bases.0`, `transform`."""
    for name, many in inner_names(type(part)):
        if many:
            yield from ((f"{name}.{index}", item) for index, item in enumerate(getattr(part, name)))
        else:
            yield name, getattr(part, name)


def count(part: Any) -> int:
    """The number of components in a tree, itself included. A `let` makes it easy to double them."""
    known: int | None = part.__dict__.get("_count")
    if known is None:
        known = 1 + sum(count(child) for _, child in children(part))
        part.__dict__["_count"] = known
    return known


def values(part: Any, path: str) -> Iterator[tuple[str, Any, str, Value]]:
    """Every parameter in a tree of parts: (path, the part that owns it, field, value)."""
    for name in parameters(part):
        yield f"{path}.{name}", part, name, getattr(part, name)
    for name, child in children(part):
        yield from values(child, f"{path}.{name}")


def rebuild(
    part: Any,
    path: str,
    replacement: Callable[[str, Any, str, Value], Value],
    *,
    keep_derived: bool = False,
) -> Any:
    """The same tree with every parameter passed through `replacement(path, owner, field, value)`.

    keep_derived   keep what the parts have derived from their fields (their support): for values that an
                   interpreter puts in place of the checked ones
    """
    changed: dict[str, Any] = {
        name: replacement(f"{path}.{name}", part, name, getattr(part, name))
        for name in parameters(part)
    }
    inner = {
        name: rebuild(child, f"{path}.{name}", replacement, keep_derived=keep_derived)
        for name, child in children(part)
    }
    copy = with_fields(with_children(part, inner), changed)
    if keep_derived:
        copy.__dict__.update(
            {name: value for name, value in part.__dict__.items() if name not in copy.__dict__}
        )
    return copy


def with_children(part: Any, inner: Mapping[str, Any]) -> Any:
    """A copy of a composite part with other parts inside: `inner` maps the paths of `children` to them."""
    changed: dict[str, Any] = {}
    for path, child in inner.items():
        name, _, index = path.partition(".")
        changed[name] = (*changed.get(name, ()), child) if index else child
    return with_fields(part, changed)


def with_fields(part: Any, changed: Mapping[str, Any]) -> Any:
    """A copy of a part with other field values. Unlike `dataclasses.replace` it does not check them again."""
    copy = object.__new__(type(part))
    for name in field_names(type(part)):
        object.__setattr__(copy, name, changed[name] if name in changed else getattr(part, name))
    if (origin := getattr(part, "origin", None)) is not None:
        object.__setattr__(copy, "origin", origin)
    return copy
