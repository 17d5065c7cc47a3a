"""Every component that exists, found by looking into the folders: name -> class.

A class that can be made must have examples of its own, on which the laws are tested; only
one from which others derive may be without them.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import flowspec.bases
import flowspec.transforms
from flowspec.bases.base import Base
from flowspec.transforms.transform import Transform

_Component = TypeVar("_Component", Base, Transform)


class Registry(Mapping[str, type[_Component]]):
    """The components in a folder, by name.

    One that is asked for by its name costs the import of its own file alone, which is told by its
    text; who walks through all of them imports all.
    """

    def __init__(self, package: ModuleType, kind: type[Any], *, named: bool = False) -> None:
        """`named`: without those that only a form of the language makes."""
        self._package = package
        self._kind: type[Any] = kind
        self._named = named
        self._known: dict[str, type[_Component]] = {}

    def __getitem__(self, name: str) -> type[_Component]:
        if name not in self._known:
            component = self._found(name)
            if component is None:
                raise KeyError(name)
            self._known[name] = component
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _found(self, name: str) -> type[_Component] | None:
        module = _modules_of_classes(self._package).get(name)
        value = getattr(importlib.import_module(module), name) if module else None
        is_component = _is_own(value, module, self._kind) and bool(vars(value).get("examples"))
        return value if is_component and self._holds(value) else None

    @cached_property
    def _all(self) -> dict[str, type[_Component]]:
        modules = [importlib.import_module(name) for name in _files(self._package)]
        # All files are imported by now, so that each class knows those that derive from it.
        classes = [
            value
            for module in modules
            for value in vars(module).values()
            if _is_own(value, module.__name__, self._kind) and has_examples(value)
        ]
        return {kind.__name__: kind for kind in sorted(classes, key=_name) if self._holds(kind)}

    def _holds(self, kind: Any) -> bool:
        return not (self._named and kind.form)


@cache
def bases() -> Registry[Base]:
    """The base distributions, by name, with those that only a form of the language makes."""
    return Registry(flowspec.bases, Base)


@cache
def named_bases() -> Registry[Base]:
    """The bases that the language calls by their names."""
    return Registry(flowspec.bases, Base, named=True)


@cache
def transforms() -> Registry[Transform]:
    """The transforms, by name, with those that only a form of the language makes."""
    return Registry(flowspec.transforms, Transform)


@cache
def named_transforms() -> Registry[Transform]:
    """The transforms that the language calls by their names."""
    return Registry(flowspec.transforms, Transform, named=True)


@cache
def _files(package: ModuleType) -> dict[str, Path]:
    """The files of a folder and of those in it, by the names of their modules."""
    files: dict[str, Path] = {}
    for folder in map(Path, package.__path__):
        for file in sorted(folder.rglob("*.py")):
            places = file.relative_to(folder).with_suffix("").parts
            files[".".join([package.__name__, *places]).removesuffix(".__init__")] = file
    return files


_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


@cache
def _modules_of_classes(package: ModuleType) -> dict[str, str]:
    """The module of each class in a folder, read off the text of the files."""
    return {
        name: module
        for module, file in _files(package).items()
        for name in _CLASS.findall(file.read_text("utf-8"))
    }


def _name(kind: type) -> str:
    return kind.__name__


def _is_own(value: Any, module: str | None, kind: type) -> bool:
    """True for a concrete class of that kind which the module itself defines."""
    is_kind = inspect.isclass(value) and issubclass(value, kind)
    return is_kind and value.__module__ == module and not inspect.isabstract(value)


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
