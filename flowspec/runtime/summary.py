"""The components that a flow in `flow.json` is made of, in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowspec.diagnostics.prompt import in_a_line


def components(flow: Mapping[str, Any]) -> str:
    """The names of the base and of the steps, and of those in them."""
    return in_a_line([_name(each) for each in (flow["base"], *flow["steps"])])


def _name(part: Mapping[str, Any]) -> str:
    fields = [field if isinstance(field, list) else [field] for field in part.values()]
    inner = [each for field in fields for each in field if isinstance(each, dict)]
    names = [_name(each) for each in inner if "name" in each]
    return part["name"] + (f"({', '.join(names)})" if names else "")
