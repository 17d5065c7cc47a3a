"""Joint supports: sets that tie neighboring coordinates together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from flowspec.support.support import Json, Support


@dataclass(frozen=True)
class Joint(Support):
    """A set over `size` coordinates that is fixed by their number."""

    size: int

    joint = True
    schema = {
        "properties": {"size": {"type": "integer", "minimum": 2}},
        "required": ["size"],
    }

    def contains(self, other: Support) -> bool:
        return self == other

    def __str__(self) -> str:
        return f"{self.kind}({self.size})"

    def to_json(self) -> Json:
        return {"kind": self.kind, "size": self.size}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(data["size"])
