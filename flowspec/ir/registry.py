"""Every component that exists, found by looking into the folders: name -> class.

A class that can be made must have examples of its own, on which the laws are tested; only
one from which others derive may be without them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

import flowspec.bases
import flowspec.transforms
from flowspec.bases.base import Base
from flowspec.transforms.transform import Transform


@cache
def bases() -> MappingProxyType[str, type[Base]]:
    """The base distributions, by name."""
    return _found(flowspec.bases, Base)


@cache
def transforms() -> MappingProxyType[str, type[Transform]]:
    """The transforms, by name, with those that only a form of the language makes."""
    return _found(flowspec.transforms, Transform)


@cache
def named_transforms() -> MappingProxyType[str, type[Transform]]:
    """The transforms that the language calls by their names."""
    return MappingProxyType({name: kind for name, kind in transforms().items() if not kind.form})


def _found(package: ModuleType, kind: Any) -> MappingProxyType[str, type[Any]]:
    path = package.__path__
    names = sorted(module.name for module in pkgutil.walk_packages(path, f"{package.__name__}."))
    modules = [importlib.import_module(name) for name in names]
    # All files are imported by now, so that each class knows those that derive from it.
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if _is_own(value, module, kind) and has_examples(value)
    ]
    return MappingProxyType({each.__name__: each for each in sorted(classes, key=_name)})


def _name(kind: type) -> str:
    return kind.__name__


def _is_own(value: Any, module: ModuleType, kind: type) -> bool:
    """True for a concrete class of that kind which the module itself defines."""
    is_kind = inspect.isclass(value) and issubclass(value, kind)
    return is_kind and value.__module__ == module.__name__ and not inspect.isabstract(value)


def has_examples(kind: type) -> bool:
    """True if a class has examples of its own.

    Errors:  TypeError, if it has none and no other class derives from it.
    """
    if vars(kind).get("examples"):
        return True
    if kind.__subclasses__():
        return False
    raise TypeError(
        f"{kind.__name__} in {inspect.getfile(kind)} has no `examples`: "
        "give calls as the language writes them, on which the laws can be tested"
    )
