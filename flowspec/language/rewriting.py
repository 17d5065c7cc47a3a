"""A text with other values in the call of its architecture, and in its `train { ... }`.

All else stays as it is written, comments too; the layout is the canonical one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowspec.diagnostics.source import Source
from flowspec.language import syntax
from flowspec.language.layout.formatting import formatted
from flowspec.language.macros import Macros
from flowspec.language.parser import parse_text

FIRST = "features"
"""The first parameter of an architecture."""

Edit = tuple[int, int, str]
"""Start, end, and what stands there from then on."""


def architecture(tree: syntax.File) -> syntax.Call | None:
    """The first call of an architecture of the prelude, in the pipeline or in a definition."""
    macros = Macros()
    hidden = {s.name.text for s in tree.statements if isinstance(s, syntax.Def)}
    for call in _calls(tree):
        name = call.name.text
        if name in macros and name not in hidden and call.arguments:
            parameters = macros[name].parameters
            if parameters and parameters[0].name.text == FIRST:
                return call
    return None


def arguments(call: syntax.Call) -> dict[str, syntax.Node]:
    """The value of each parameter of an architecture: as it is written, or the default."""
    names = {p.name.text: p.default for p in Macros()[call.name.text].parameters}
    written = call.arguments or ()
    values: dict[str, syntax.Node | None] = dict(names)
    values |= {name: a.value for name, a in zip(names, written, strict=False) if not a.name}
    values |= {argument.name.text: argument.value for argument in written if argument.name}
    return {name: node for name, node in values.items() if node is not None}


def rewritten(source: Source, values: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """The text of a source with other values of its architecture's parameters and of settings."""
    tree = parse_text(source)
    call = architecture(tree)
    edits = [*(_call_edits(call, values) if call else ()), *_train_edits(tree, settings)]
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return formatted(Source(text, source.name))


def _call_edits(call: syntax.Call, values: Mapping[str, str]) -> Iterator[Edit]:
    stands = arguments(call)
    written = [argument.value for argument in call.arguments or ()]
    new = []
    for name, value in values.items():
        node = stands[name]
        if any(node is other for other in written):
            yield node.span.start, node.span.end, value
        else:
            new.append(f", {name}={value}")
    if new:
        end = written[-1].span.end
        yield end, end, "".join(new)


def _train_edits(tree: syntax.File, settings: Mapping[str, str]) -> Iterator[Edit]:
    blocks = [s for s in tree.statements if isinstance(s, syntax.Train)]
    written = {a.name.text: a.value for b in blocks for a in b.settings if a.name}
    for name, value in settings.items():
        if name in written:
            yield written[name].span.start, written[name].span.end, value
    new = "".join(f"{n} = {v}\n" for n, v in settings.items() if n not in written)
    if not new:
        return
    if not blocks:
        place = tree.pipeline.span.start if tree.pipeline else len(tree.span.source.text)
        yield place, place, f"train {{\n{new}}}\n\n"
        return
    place = tree.span.source.text.index("{", blocks[0].span.start) + 1
    if blocks[0].settings:
        place = blocks[0].settings[0].span.start
    yield place, place, new


def _calls(node: object) -> Iterator[syntax.Call]:
    """All calls below a node, in the order of their places."""
    if isinstance(node, tuple):
        for item in node:
            yield from _calls(item)
    if not isinstance(node, syntax.Node):
        return
    if isinstance(node, syntax.Call):
        yield node
    if isinstance(node, syntax.File):  # the pipeline decides before definitions do
        yield from _calls(node.pipeline)
        yield from _calls(node.statements)
        return
    for name in node._fields:
        if name != "span":
            yield from _calls(getattr(node, name))
