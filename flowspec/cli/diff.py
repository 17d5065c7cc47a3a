"""`flowspec diff`: where two flows, or two bundles, differ."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import FORMAT, print_json
from flowspec.cli.show import flow_of
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.export.differences import FlowDifference
    from flowspec.model.model import Model

FLOW = click.Path(path_type=Path)
MOST_WEIGHTS = 12
"""Lines about weights in the report for people."""


@click.command(short_help="Where two flows or bundles differ: structure, weights, density.")
@click.argument("old", type=FLOW)
@click.argument("new", type=FLOW)
@FORMAT
def command(old: Path, new: Path, form: str) -> None:
    """Compare two flows, each a .flow file, a .json file or a bundle: their texts, what they have
    learned (a file that is not trained stands for its start), and their log-densities at the
    points of the conformance vectors of both.

    Ends with exit code 1 where they differ, as diff does.

    Example: flowspec diff exported/iris exported/wine
    """
    from flowspec.export.differences import differences

    found = differences(_model(old), _model(new), (str(old), str(new)))
    if form == "json":
        print_json(found.to_json())
    else:
        click.echo(_report(found))
    sys.exit(0 if found.is_none else 1)


def _model(path: Path) -> Model:
    from flowspec.model.model import Model

    if path.is_dir():
        from flowspec.export.strict import model_of
        from flowspec.runtime.bundle import load

        return model_of(load(path))
    return Model(flow_of(path), {})


def _report(found: FlowDifference) -> str:
    if found.is_none:
        return "no difference"
    lines = [*found.text, *([""] if found.text else [])]
    for weight in found.weights[:MOST_WEIGHTS]:
        gap = "" if weight.largest is None else f" by up to {weight.largest:.3g}"
        lines.append(f"{weight.name} {weight.what}{gap}")
    if len(found.weights) > MOST_WEIGHTS:
        lines.append(f"... and {len(found.weights) - MOST_WEIGHTS} more learned arrays")
    if found.weights:
        lines.append("")
    if found.density is None:
        return "\n".join([*lines, f"densities are not compared: {found.not_comparable}"])
    density = found.density
    lines.append(
        f"log-density at {amount(density.points, 'point')}: differs by {density.mean:.3g} nats "
        f"on average, by {density.largest:.3g} at most"
    )
    if density.support:
        lines.append(f"{density.support} of these points can be given by one of the flows alone")
    return "\n".join(lines)
