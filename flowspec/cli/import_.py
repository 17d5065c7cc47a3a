"""`flowspec import`: a flow that was trained elsewhere to a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from flowspec.cli.options import writable


@click.command("import", short_help="Turn a flow trained with another library into a bundle.")
@click.argument("library", type=click.Choice(["zuko"]))
@click.argument("flow", metavar="MODULE:OBJECT")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="Its state: .safetensors, or a file of torch.save.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    callback=writable,
    help="Directory of the bundle.",
)
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True
)
def command(library: str, flow: str, weights: Path | None, output: Path, dtype: str) -> None:
    """Import OBJECT, a flow or a function that makes one, from the Python module MODULE, and
    compile it.

    The module is run, as any import runs it; the file of weights is only read: nothing in it is
    unpickled.

    Example: flowspec import zuko my_project.flows:make_flow --weights flow.safetensors -o my_flow
    """
    from flowspec.export.bundle import compile as compile_flow
    from flowspec.importers.loading import load_object, load_state
    from flowspec.importers.zuko.flows import from_zuko

    made = load_object(flow)
    if weights is not None:
        load_state(made, weights)
    path = compile_flow(from_zuko(made), output, dtype=dtype)
    click.echo(f"wrote {path}", err=True)
