"""`flowspec embed`: a small program for one bundle, in another language."""

from __future__ import annotations

from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY, or_standard_output
from flowspec.export.embed.languages import LANGUAGES


@click.command(short_help="Write a small program that runs a bundle, in another language.")
@DIRECTORY
@click.option(
    "--lang",
    "language",
    type=click.Choice([*LANGUAGES]),
    required=True,
    help="The language, and its onnxruntime.",
)
@or_standard_output("The file; standard output, if not given.")
def command(directory: Path, language: str, output: Path | None) -> None:
    """Write a program for the bundle in DIRECTORY over the onnxruntime of a language, with the
    names and shapes of this flow. It loads the graphs, draws and scores a few rows, and replays
    the vectors of the bundle; it is meant to be taken apart. Its first lines say how it is built,
    and whether such programs were run, or only compiled.

    Example: flowspec embed exported/one_liner --lang cpp -o one_liner.cpp
    """
    from flowspec.data.files import write_file
    from flowspec.export.embed.program import program
    from flowspec.runtime.bundle import load

    text = program(load(directory), language)
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text.encode())
    click.echo(f"wrote {output}", err=True)
