"""What an engine is. Adapters stand in `runtime/engines/`, one a file.

Assumes numpy alone, so that the worker starts under interpreters that lack onnxruntime or have an
old one.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

Values = dict[str, NDArray[Any]]
"""Inputs or outputs of a graph, by name."""

Run = Callable[[Values], Values]
"""The outputs of an open graph for its inputs."""

WORKER = "flowspec.runtime.replay.worker"


class Missing(Exception):
    """The engine is not to be had here. Its text says what is lacking."""


class Engine:
    """An engine that runs graphs. An adapter of a Python package writes `version` and `open`; that
    of another language `version` and `command`.

    name      on the command line
    advice    what to install where it is missing
    target    the profile of `flowspec compile` that is meant for it
    causes    patterns of what an output comes to, `GRAPH.OUTPUT: REASON` -> why, where its words do
              not say
    """

    name: str
    advice: str
    target: str = "onnxruntime"
    informative: bool = False
    """True for what is shown and not promised."""
    causes: Mapping[str, str] = {}
    graphs: Sequence[str] | None = None
    """The graphs that it has; None for all."""

    def explained(self, output: str, reason: str) -> str:
        """A reason, with the cause that is known of it."""
        text = f"{output}: {reason}"
        cause = next((why for words, why in self.causes.items() if re.search(words, text)), "")
        return f"{reason} ({cause})" if reason and cause else reason

    def version(self) -> str:
        """Its version.

        Errors:  Missing, where it is not installed.
        """
        raise NotImplementedError

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        """A graph, ready to run; whatever is raised is told in the engine's words."""
        raise NotImplementedError

    def command(self, folder: Path) -> list[str]:
        """The program that does the jobs of a folder; the number of the first follows."""
        return [sys.executable, "-m", WORKER, self.name, str(folder)]


def version_of(package: str, *others: str) -> str:
    """The version of an installed package.

    others   packages that it needs, looked for only
    Errors:  Missing.
    """
    for name in (package, *others):
        if importlib.util.find_spec(name) is None:
            raise Missing(f"the package {name} is not installed")
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of an unknown version"
