"""Immutable records with named fields.

They are no dataclasses: the methods that `dataclasses` generates take a third of a millisecond a
class at every start, and there are some two hundred and fifty records.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)

_REQUIRED: Any = object()


@dataclass_transform(frozen_default=True)
def record(kind: _Class) -> _Class:
    """Declare a record: what is annotated in the class is a field, after those of its base."""
    own = {
        name: vars(kind).get(name, _REQUIRED)
        for name, annotation in vars(kind).get("__annotations__", {}).items()
        if not annotation.startswith("ClassVar")
    }
    setattr(kind, "_fields", {**getattr(kind, "_fields", {}), **own})  # noqa: B010 -- no type declares it
    return kind


class Record:
    """What all records do. Subclasses are declared by `@record`."""

    _fields: ClassVar[dict[str, Any]] = {}
    """The fields in order, and the default of each."""

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = self._fields | dict(zip(self._fields, values, strict=False)) | named
        if len(values) > len(self._fields) or len(fields) > len(self._fields):
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(self._fields)}")
        if missing := [name for name, value in fields.items() if value is _REQUIRED]:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def replaced(self, **changed: Any) -> Self:
        """The same record with other values in some fields."""
        return type(self)(**{**{name: getattr(self, name) for name in self._fields}, **changed})

    @property
    def _compared(self) -> tuple[Any, ...]:
        """The values that two equal records share."""
        return tuple(self.__dict__[name] for name in self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(other) is not type(self):
            return False
        return self._compared == other._compared

    def __hash__(self) -> int:
        return hash((type(self), self._compared))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({values})"
