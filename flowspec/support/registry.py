"""All kinds of support, found by looking into the folder."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from types import MappingProxyType

import flowspec.support
from flowspec.support.support import Json, Support


@cache
def kinds() -> MappingProxyType[str, type[Support]]:
    """Kind -> class, sorted by kind."""
    path = flowspec.support.__path__
    modules = [
        importlib.import_module(f"flowspec.support.{m.name}") for m in pkgutil.iter_modules(path)
    ]
    classes = [value for module in modules for value in vars(module).values() if _is_kind(value)]
    return MappingProxyType({kind.kind: kind for kind in sorted(classes, key=lambda c: c.kind)})


def _is_kind(value: object) -> bool:
    is_support = inspect.isclass(value) and issubclass(value, Support)
    return is_support and not inspect.isabstract(value)


def from_json(data: Json) -> Support:
    """The support that its `to_json` wrote."""
    return kinds()[data["kind"]].from_json(data)
