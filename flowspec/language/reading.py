"""The two ways from text to a checked flow."""

from __future__ import annotations

from pathlib import Path

from flowspec.diagnostics.kinds import PATH, TEXT, Kind, require
from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.language.checker import check
from flowspec.language.parser import read_source

TEXT_OF_A_FLOW = Kind("text", TEXT.holds, lambda value: _advice(value))


def _advice(value: object) -> str:
    """What to do with a thing that stands in the place of a flow's text."""
    if isinstance(value, bytes):
        return "decode it, `text.decode()`"
    return "`flowspec.read(path)` reads a file" if PATH.holds(value) else ""


def parse(text: str, name: str = "<flow>") -> Flow:
    """The checked flow that a text writes.

    Errors:  FlowError, with every independent mistake of the text.
    Example:
        >>> import flowspec
        >>> str(flowspec.parse("Normal(0, 1) |> Exp").space)
        'positive'
    """
    require("parse", text=(text, TEXT_OF_A_FLOW), name=(name, TEXT))
    return check(Source(text, name))


def read(path: str | Path) -> Flow:
    """The checked flow that a file writes.

    Errors:  FlowError, also where the file cannot be read or is no text.
    """
    require("read", path=(path, PATH))
    return check(read_source(path))
