"""A flow as text: what the language writes for it. Reading the text gives the same flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Declaration
from flowspec.language.layout.formatting import formatted
from flowspec.parts.writing import component, name_written, written
from flowspec.support.joint import Joint
from flowspec.support.support import Support


def flow_text(flow: Flow) -> str:
    """The text of a flow, its statements, then its pipeline, in the canonical layout."""
    return formatted(Source("\n".join([*_statements(flow), pipeline(flow)])))


def text_by_steps(flow: Flow) -> list[str]:
    """The lines of a flow, a step to a line however short they are."""
    return "\n".join([*_statements(flow), pipeline(flow)]).splitlines()


def pipeline(flow: Flow) -> str:
    """The base and the steps, each step in a line of its own."""
    steps = [component(step.transform) for step in flow.steps]
    return "\n  |> ".join([component(flow.base), *steps])


def _statements(flow: Flow) -> Iterator[str]:
    if flow.context:
        yield f"context {_declared(flow.context)}"
    if flow.event:
        yield f"event {_declared(flow.event)}"
    if flow.train:
        yield f"train {{ {_settings(flow.train)} }}"


def _declared(declaration: Declaration) -> str:
    """Names and their supports, those of a group together."""
    groups = [
        f"{_variables(declaration.names[block], vector)}: {_support(support)}"
        for block, support, vector in declaration.groups
    ]
    return ", ".join(groups)


def _support(support: Support) -> str:
    """The name of a support; the names before it say the size of one that ties them."""
    return support.kind if isinstance(support, Joint) else str(support)


def _variables(names: Sequence[str], vector: str) -> str:
    if vector:
        return f"{name_written(vector)}[{len(names)}]"
    return ", ".join(map(name_written, names))


def _settings(train: Mapping[str, Any]) -> str:
    """Hyper-parameters; names of columns stand without quotes where they can."""
    return ", ".join(
        f"{name} = [{', '.join(map(name_written, value))}]"
        if isinstance(value, tuple)
        else f"{name} = {written(value)}"
        for name, value in train.items()
    )
