"""`flowspec view`: a page that shows a bundle, in the browser."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY, writable


@click.command(short_help="Show a bundle on a page in the browser.")
@DIRECTORY
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=writable,
    help="Write the page into this folder instead, in the place of an earlier one.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where to serve it; a port that is free, if not given.",
)
@click.option(
    "--ort",
    type=click.Path(path_type=Path),
    help="A folder `dist` of the npm package onnxruntime-web, in the place of what npm gets.",
)
def command(directory: Path, output: Path | None, port: int, ort: Path | None) -> None:
    """Show the bundle in DIRECTORY on a page: its pipeline, samples that the model draws in the
    browser while sliders of the seed, their number and the context are moved, its density, the
    log-density of the point under the pointer, and its conformance vectors replayed.

    The page is served to this machine alone, until Ctrl-C. With `-o` it is written as static files
    that any web server serves, offline too. The first call gets onnxruntime-web through npm, and
    keeps the 14 MB that it needs.

    Example: flowspec view exported/two_moons -o site
    """
    from flowspec.runtime.bundle import load
    from flowspec.view.engine import engine_files
    from flowspec.view.server import Server
    from flowspec.view.site import flow_name, site, write_site

    bundle = load(directory)
    files = site(bundle, engine_files(ort))
    if output is not None:
        write_site(files, output)
        click.echo(f"wrote {output}; show it with `python -m http.server -d {output}`", err=True)
        return
    with Server(files, port) as server, contextlib.suppress(KeyboardInterrupt):
        click.echo(f"{server.address} shows {flow_name(bundle)}; Ctrl-C ends it", err=True)
        server.serve_forever()
