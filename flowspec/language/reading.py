"""The two ways from text to a checked flow."""

from __future__ import annotations

from pathlib import Path

from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.language.checker import check
from flowspec.language.parser import read_source


def parse(text: str, name: str = "<flow>") -> Flow:
    """The checked flow that a text writes.

    Errors:  FlowError, with every independent mistake of the text.
    Example:
        >>> import flowspec
        >>> str(flowspec.parse("Normal(0, 1) |> Exp").space)
        'positive'
    """
    return check(Source(text, name))


def read(path: str | Path) -> Flow:
    """The checked flow that a file writes.

    Errors:  FlowError, also where the file cannot be read or is no text.
    """
    return check(read_source(path))
