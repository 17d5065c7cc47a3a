"""Bases, steps and forms as documentation: for `list`, `explain` and the README's table."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import takewhile
from typing import Any

from flowspec.bases.base import Base
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.flow import Flow
from flowspec.ir.registry import named_bases, named_transforms
from flowspec.language import syntax
from flowspec.language.forms import Form, forms
from flowspec.language.macros import Macros
from flowspec.language.reading import parse
from flowspec.parts import writing
from flowspec.parts.fields import ComponentSpec, specs
from flowspec.support.space import Space
from flowspec.transforms.transform import Transform


@dataclass(frozen=True)
class Entry:
    """One name of the language."""

    name: str
    kind: str
    takes: str
    gives: str
    example: str
    text: str
    signature: str
    arguments: tuple[tuple[str, str, str], ...] = ()
    examples: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def explained(self) -> str:
        """The entry at length."""
        parts = [self.signature, self.text]
        if self.takes or self.gives:
            parts.append(
                "\n".join(
                    f"{word}  {value}"
                    for word, value in (("takes", self.takes), ("gives", self.gives))
                    if value
                )
            )
        if self.arguments:
            width = max(len(name) for name, _, _ in self.arguments)
            described = [
                (name, f"{doc} (default: {default})" if default else doc)
                for name, default, doc in self.arguments
            ]
            parts.append("\n".join(f"{name.ljust(width)}  {text}" for name, text in described))
        if self.examples:
            parts.append(
                "\n".join(["for example", *(f"    {example}" for example in self.examples)])
            )
        return "\n\n".join(parts)


@cache
def entries() -> tuple[Entry, ...]:
    """Every base, step, form and macro, by name."""
    components = [_base(kind) for kind in named_bases().values()] + [
        _step(kind) for kind in named_transforms().values()
    ]
    macros = [
        Entry(name, "macro", "", "", name, _comment(macro), _macro_signature(macro))
        for name, macro in Macros().items()
    ]
    return (*components, *map(_form, forms().values()), *macros)


def _comment(macro: syntax.Def) -> str:
    """What the prelude says above a macro, and the macro itself."""
    source = macro.span.source
    above = source.text[: macro.span.start].rstrip("\n").split("\n")
    lines = list(takewhile(lambda line: not line.startswith("def"), reversed(above)))
    # Macros of one line each may share what is said above them.
    said = [line.lstrip("# ") for line in reversed(lines) if line.startswith("#")]
    if not said:
        shared = source.text[: macro.span.start].rpartition("\n# ")[2]
        said = [shared.split("\n")[0]]
    written = textwrap.indent(macro.span.text.strip(), "    ")
    return f"{said[-1]}\n\nIt stands for\n\n{written}"


def _macro_signature(macro: syntax.Def) -> str:
    arguments = [
        parameter.name.text + (f"={parameter.default.span.text}" if parameter.default else "")
        for parameter in macro.parameters
    ]
    return macro.name.text + (f"({', '.join(arguments)})" if arguments else "")


def markdown(entries: Sequence[Entry]) -> str:
    """The bases and steps as two tables."""
    bases_ = [f"| `{e.name}` | {e.gives} | `{e.example}` |" for e in entries if e.kind == "base"]
    steps = [
        f"| `{e.name}` | {e.takes} | {e.gives} | `{e.example}` |"
        for e in entries
        if e.kind == "step"
    ]
    head = ["| base | gives | example |", "|---|---|---|"]
    step_head = ["", "| step | takes | gives | example |", "|---|---|---|---|"]
    return "\n".join([*head, *bases_, *step_head, *steps]) + "\n"


def _base(kind: type[Base]) -> Entry:
    space = parse(kind.examples[0]).space
    return _entry(kind, "base", "", str(space))


def _step(kind: type[Transform]) -> Entry:
    step = example_flow(kind, kind.examples[0]).steps[-1]
    domain = step.transform.domain_for(step.input)
    return _entry(kind, "step", _once(domain), _once(step.transform.image(domain).space))


def _form(form: Form) -> Entry:
    return Entry(form.name, "form", "", "", form.example, form.doc, form.signature)


def example_flow(kind: type[Transform], example: str) -> Flow:
    """The flow in which an example of a step stands behind the pipeline of its class."""
    try:
        return parse(f"{kind.before} |> {example}")
    except FlowError as error:
        raise AssertionError(
            f"the example `{example}` of {kind.__name__} is wrong: {error}"
        ) from None


def _once(space: Space) -> str:
    """A support, said once if all coordinates share it."""
    parts = dict.fromkeys(str(part) for part in space.supports)
    return ", ".join(parts) if len(parts) > 1 or space.scalar else next(iter(parts))


def _entry(kind: type[Base] | type[Transform], what: str, takes: str, gives: str) -> Entry:
    defaults = {f.name: f.default for f in dataclasses.fields(kind)}
    arguments = tuple(
        (
            name,
            ""
            if isinstance(spec, ComponentSpec) or not _has_default(defaults[name])
            else writing.default(defaults[name]),
            spec.doc,
        )
        for name, spec in specs(kind).items()
    )
    text = inspect.cleandoc(kind.__doc__ or "")
    return Entry(
        kind.__name__,
        what,
        takes,
        gives,
        kind.examples[0],
        text,
        writing.signature(kind),
        arguments,
        kind.examples,
    )


def _has_default(value: Any) -> bool:
    return value is not dataclasses.MISSING
