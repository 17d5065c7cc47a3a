"""Pages of bases, steps, forms and architectures, from the registry and its docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flow_site.markdown import cell, code, escaped, fenced, table_of, with_arxiv
from flow_site.pictures import picture
from flow_site.rounding import rounding
from flowspec.ir.registry import named_transforms
from flowspec.language.catalogue import Entry, entries
from flowspec.plots.example import example_of

ROOMS: Mapping[str, str] = {
    "elementwise": "Of each number alone",
    "splines": "Splines and other flexible functions of a number",
    "learned": "With networks, and of whole events",
    "linear": "Linear",
    "joint": "Onto joint supports",
}
"""The rooms of `flowspec/transforms/`, as headings."""

_LABELS = re.compile(r"(?:^|\s{3,})(?=(?:Slope|Source|\|det\||log \|det\|):)", re.MULTILINE)


def bases() -> str:
    """A table of all, and a section for each base."""
    rows = [(_linked(e), cell(e.gives), code(e.example)) for e in _of("base")]
    return _page(table_of(["base", "gives", "example"], rows), map(_section, _of("base")))


def steps() -> str:
    """A table of all, and a section for each step, by the room of the package that holds it."""
    rows = [(_linked(e), cell(e.takes), cell(e.gives), code(e.example)) for e in _of("step")]
    rooms = {name: kind.__module__.split(".")[2] for name, kind in named_transforms().items()}
    assert set(rooms.values()) == ROOMS.keys(), "a room without a heading"
    sections = [
        part
        for room, heading in ROOMS.items()
        for part in (f"## {heading}", *(_section(e) for e in _of("step") if rooms[e.name] == room))
    ]
    return _page(table_of(["step", "takes", "gives", "example"], rows), sections)


def forms() -> str:
    """A line for each form."""
    rows = [(code(entry.signature), cell(entry.text)) for entry in _of("form")]
    return table_of(["written", "means"], rows)


def architectures() -> str:
    """A section for each flow and step of the prelude: what it is, and what it stands for."""
    return "\n\n".join(map(_architecture, _of("macro")))


def _of(kind: str) -> list[Entry]:
    return [entry for entry in entries() if entry.kind == kind]


def _linked(entry: Entry) -> str:
    return f"[`{entry.name}`](#{entry.name.lower()})"


def _page(table: str, sections: Iterator[str] | list[str]) -> str:
    return "\n\n".join([table, *sections])


def _architecture(entry: Entry) -> str:
    words, _, written = entry.text.partition("\n\nIt stands for\n\n")
    code = re.sub(r"^    ", "", written, flags=re.MULTILINE)
    return f"## {entry.name}\n\n{with_arxiv(words)}\n\n{fenced(code, 'flow')}"


def _section(entry: Entry) -> str:
    level = "##" if entry.kind == "base" else "###"
    return "\n\n".join([f"{level} {entry.name}", *_paragraphs(entry)])


def _paragraphs(entry: Entry) -> Iterator[str]:
    formula, *words = _described(entry.text)
    yield fenced(formula) if re.search(r" = |\^|exp|/", formula) else with_arxiv(formula)
    yield f"![{_caption(entry)}]({picture(entry)})"
    labeled = [text for text in words if _LABELS.match(text)]
    takes = f"takes {entry.takes}, " if entry.takes else ""
    items = [escaped(f"{takes}gives {entry.gives}"), *map(with_arxiv, labeled), rounding(entry)]
    yield "\n".join(f"- {item[0].lower()}{item[1:].rstrip('.')}" for item in items)
    yield from (with_arxiv(text) for text in words if text not in labeled)
    if entry.arguments:
        rows = [
            (code(name), code(value) if value else "", cell(words))
            for name, value, words in entry.arguments
        ]
        yield table_of(["argument", "default", "meaning"], rows)
    yield fenced("\n".join(entry.examples), "flow")


def _described(text: str) -> list[str]:
    """The paragraphs of a docstring; what has a label is one of its own."""
    paragraphs = re.split(r"\n\n", _LABELS.sub("\n\n", text))
    return [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip()]


def _caption(entry: Entry) -> str:
    what = "Density and samples" if entry.kind == "base" else "The map and its effect on a density"
    return f"{what} of `{example_of(entry)}`".replace("[", "\\[").replace("]", "\\]")
