"""Texts that the build makes of code and of other files, by the names that pages call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from flow_site import benchmarks, codes, commands, components, examples, links, schema

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"^<!-- made: (.+) -->$", re.MULTILINE)

MAKERS: Mapping[str, Callable[[], str]] = {
    "architectures": components.architectures,
    "bases": components.bases,
    "benchmarks": benchmarks.scripts,
    "codes": codes.mistakes,
    "codes of data": codes.of_data,
    "commands": commands.page,
    "fields of components": schema.components,
    "forms": components.forms,
    "grammar": schema.grammar,
    "picture of iris": examples.iris,
    "picture of two moons": examples.two_moons,
    "picture of a prognosis": examples.prognosis,
    "settings of a training": schema.settings,
    "steps": components.steps,
}


def filled(text: str) -> str:
    """A page with its made texts in the place of their names."""
    return NAMED.sub(lambda name: _made(name.group(1)), text)


def _made(name: str) -> str:
    if name.startswith("file "):
        return _file(Path(name.removeprefix("file ")))
    return MAKERS[name]()


def _file(name: Path) -> str:
    """A file of the repository, its links those of the site."""
    return links.inward((ROOT / name).read_text("utf-8"), name.parent)
