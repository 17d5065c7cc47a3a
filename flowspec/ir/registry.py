"""Every part that exists, found by looking into the folders: name in the language -> class."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from types import MappingProxyType, ModuleType

import flowspec.bases
import flowspec.transforms
from flowspec.bases.base import Base
from flowspec.transforms.transform import Transform


@cache
def transforms() -> MappingProxyType[str, type[Transform]]:
    """The steps, by name."""
    return _parts(flowspec.transforms, Transform)


@cache
def bases() -> MappingProxyType[str, type[Base]]:
    """The base distributions, by name."""
    return _parts(flowspec.bases, Base)


def _parts(package: ModuleType, kind: type) -> MappingProxyType:
    modules = sorted(
        module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    )
    found = {}
    for name in modules:
        module = importlib.import_module(name)
        for part in vars(module).values():
            own = (
                inspect.isclass(part)
                and issubclass(part, kind)
                and part.__module__ == module.__name__
            )
            if own and not inspect.isabstract(part) and bool(getattr(part, "examples", ())):
                found[part.__name__] = part
    return MappingProxyType(dict(sorted(found.items())))
