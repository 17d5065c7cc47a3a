"""`flowspec package`: a bundle in the folder that another tool expects."""

from __future__ import annotations

from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY, writable


@click.command(short_help="Lay a bundle out for MLflow, the Hugging Face Hub or Triton.")
@DIRECTORY
@click.option(
    "--for",
    "layout",
    type=click.Choice(["mlflow", "huggingface", "triton"]),
    required=True,
    help="The tool that reads it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=writable,
    required=True,
    help="The folder.",
)
@click.option("--license", help="With --for huggingface: the license's name there, such as mit.")
def command(directory: Path, layout: str, output: Path, license: str | None) -> None:
    """Write the bundle in DIRECTORY once more, as another tool expects it; nothing is uploaded.

    \b
    mlflow       a model for each graph, in MLflow's ONNX flavor: signature, input example
    huggingface  a repository of the Hub: the bundle, with a model card
    triton       a model repository of Triton Inference Server: a model for each graph

    Example: flowspec package exported/one_liner --for triton -o models
    """
    from flowspec.export.layouts.writing import write_layout
    from flowspec.runtime.bundle import load

    if license and layout != "huggingface":
        raise click.UsageError("--license goes with --for huggingface")
    write_layout(load(directory), layout, output, license or "")
    click.echo(f"wrote {output}", err=True)
