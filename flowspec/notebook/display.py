"""What a notebook shows of a flow, a model or a bundle: a table of its steps, and a picture."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from flowspec.ir.flow import Flow
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.parts.writing import brief
from flowspec.runtime.bundle import Bundle

Shown = Flow | Model | Bundle

SAMPLES = 2000
"""Samples in a picture that nobody has asked for."""

MOST_COLUMNS = 12
"""Columns up to which a picture is drawn unasked."""


@dataclass(frozen=True)
class Picture:
    """A PNG, which notebooks show."""

    png: bytes

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: str | Path) -> None:
        """Write it as a file."""
        from flowspec.data.files import write_file

        write_file(Path(path), self.png)


def picture(shown: Shown, count: int = 5000, seed: int = 0) -> Picture:
    """Samples and density, as `flowspec plot` draws them."""
    from flowspec.plots.flow import picture_of

    return Picture(picture_of(shown, count, seed))


def html(shown: Shown) -> str:
    """The table of a flow, with its picture where matplotlib is installed and columns are few."""
    flow = flow_of(shown)
    parts = [f"<div>{escape(_head(shown, flow))}</div>", table(flow)]
    if find_spec("matplotlib") and len(flow.columns) <= MOST_COLUMNS:
        image = base64.b64encode(picture(shown, SAMPLES).png).decode()
        parts.append(
            f'<img alt="samples" style="max-width: 32em" src="data:image/png;base64,{image}">'
        )
    return "\n".join(parts)


def flow_of(shown: Shown) -> Flow:
    """The flow of whatever holds one."""
    if isinstance(shown, Flow):
        return shown
    return shown.flow if isinstance(shown, Model) else from_json(shown.about["flow"])


def _head(shown: Shown, flow: Flow) -> str:
    kind = type(shown).__name__
    context = f" given {', '.join(flow.context.names)}" if flow.context else ""
    return f"{kind} of {', '.join(flow.columns)}{context}"


def table(flow: Flow) -> str:
    """The base and the steps, what each gives and its parameters, as HTML."""
    rows = [("base", flow.base.title, str(flow.base_space), brief(flow.base))]
    rows += [
        (str(number), step.transform.title, str(step.output), brief(step.transform))
        for number, step in enumerate(flow.steps)
    ]
    lines = [
        "".join(f"<td style='text-align: left'>{escape(cell)}</td>" for cell in row) for row in rows
    ]
    heads = "".join(
        f"<th style='text-align: left'>{head}</th>" for head in ("", "part", "gives", "parameters")
    )
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
