"""`flowspec show`: the pipeline of a file or a bundle as a table."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import click
import numpy as np

from flowspec.cli.options import FORMAT, line_width, print_json, table, writable
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.quantities import amount
from flowspec.ir.flow import Flow
from flowspec.parts.writing import brief, summaries


@click.command(short_help="The pipeline as a table: step, support, parameters.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--wide", is_flag=True, help="Every parameter, however long the lines become.")
@click.option(
    "--plot",
    "picture",
    type=click.Path(path_type=Path),
    callback=writable,
    help="Draw samples and density into this .png, too.",
)
@FORMAT
def command(path: Path, wide: bool, picture: Path | None, form: str) -> None:
    """Show the flow of PATH, a .flow file, a .json file or a bundle.

    Lines are as long as the terminal is wide; parameters that have their usual values are left out.
    A picture of a flow that is not trained shows where its training would start.

    Example: flowspec show examples/galaxy.flow
    """
    flow = flow_of(path)
    if picture is not None:
        _draw(flow, path, picture)
    if form == "json":
        print_json(flow.to_json())
        return
    click.echo(_shown(flow, wide))


def _draw(flow: Flow, path: Path, picture: Path) -> None:
    """Samples and density of a flow, as `flowspec plot` draws those of a bundle."""
    if picture.suffix.lower() != ".png":
        raise click.BadParameter("write a name that ends in .png", param_hint="--plot")
    from flowspec.data.files import write_file
    from flowspec.plots.flow import picture_of
    from flowspec.runtime.bundle import load

    write_file(picture, picture_of(load(path) if path.is_dir() else flow))
    click.echo(f"wrote {picture}", err=True)


def flow_of(path: Path) -> Flow:
    """The flow of a .flow file, a .json file or a bundle."""
    from flowspec.ir.from_json import from_json
    from flowspec.language.reading import read

    if path.is_dir():
        from flowspec.runtime.bundle import load

        return from_json(load(path).about["flow"])
    if path.suffix == ".json":
        from flowspec.ir.json_mistakes import SchemaMismatch
        from flowspec.language.parser import read_source

        try:
            return from_json(json.loads(read_source(path).text))
        except ValueError as error:
            raise FlowError(
                SchemaMismatch(where=path.name, what=f"it is no JSON: {error}")
            ) from None
        except RecursionError:
            raise FlowError(
                SchemaMismatch(where=path.name, what="it is nested too deeply")
            ) from None
    return read(path)


def _shown(flow: Flow, wide: bool) -> str:
    words = summaries if wide else brief
    rows = [
        ("", "part", "gives", "parameters"),
        ("base", flow.base.title, str(flow.base_space), words(flow.base)),
    ]
    for index, step in enumerate(flow.steps):
        rows.append((str(index), step.transform.title, str(step.output), words(step.transform)))
    lines = []
    if flow.context:
        pairs = zip(flow.context.names, flow.context.space.supports, strict=True)
        lines.append("context  " + ", ".join(f"{name}: {part}" for name, part in pairs))
    lines.append("event    " + ", ".join(flow.columns))
    width = None if wide else line_width()
    learned = sum(int(np.size(value.init)) for value in flow.learned().values())
    lines.append(f"learned  {amount(learned, 'number')}")
    if flow.train:
        lines.append(
            "train    "
            + ", ".join(f"{name}={_setting(value)}" for name, value in flow.train.items())
        )
    lines = [line if width is None else _wrapped(line, width) for line in lines]
    return "\n".join(lines) + "\n\n" + table(rows, width)


def _wrapped(line: str, width: int) -> str:
    return textwrap.fill(line, width, subsequent_indent=" " * 9, break_on_hyphens=False)


def _setting(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)
