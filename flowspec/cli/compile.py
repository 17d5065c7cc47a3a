"""`flowspec compile`: a flow to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import FLOW_FILE, writable

if TYPE_CHECKING:
    from flowspec.ir.flow import Flow

LONG, LARGE = 20.0, 2e9
"""Seconds and bytes of memory of a compilation that is told before it begins."""


@click.command(short_help="Write the bundle of a flow: ONNX graphs and what goes with them.")
@FLOW_FILE
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    callback=writable,
    help="Directory of the bundle.",
)
@click.option(
    "--weights", type=click.Path(path_type=Path), help="Values of what is learned (.safetensors)."
)
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True
)
@click.option(
    "--target",
    default="onnxruntime",
    show_default=True,
    help="The engine that the graphs are for: `flowspec targets` lists them.",
)
@click.option(
    "--batch", type=int, help="A fixed number of rows, for runtimes that want static shapes."
)
@click.option(
    "--opset", type=int, default=18, show_default=True, help="Version of the ONNX operators."
)
@click.option(
    "--solver-error",
    type=click.FloatRange(0, min_open=True),
    help="The error that a continuous flow may have.",
)
@click.option(
    "--gradient",
    type=click.Choice(["all", "log_prob"]),
    is_flag=False,
    flag_value="all",
    help="Add graphs of gradients: of log-densities and of samples, or of log-densities alone.",
)
@click.option(
    "--share-weights",
    is_flag=True,
    help="Put large constants of all graphs into one file, weights.bin.",
)
@click.option("--native", is_flag=True, help="Add the flow as plain C, in native/.")
@click.option("--name", help="Of the functions of C: by default that of the output directory.")
@click.option(
    "--exact-bits",
    is_flag=True,
    help="C with the same bits from every compiler and machine, without fused multiply-adds.",
)
@click.option(
    "--wasm",
    is_flag=True,
    help="Add that C and WebAssembly made of it, with a module for Node and browsers.",
)
def command(
    file: Path,
    output: Path,
    weights: Path | None,
    dtype: str,
    target: str,
    batch: int | None,
    opset: int,
    solver_error: float | None,
    gradient: str | None,
    share_weights: bool,
    native: bool,
    name: str | None,
    exact_bits: bool,
    wasm: bool,
) -> None:
    """Compile FILE to a bundle: graphs for log_prob and sampling, the flow, conformance vectors, a
    model card.

    Example: flowspec compile examples/one_liner.flow -o exported/one_liner
    """
    from flowspec.export.bundle import compile as compile_flow
    from flowspec.language.reading import read

    flow = read(file)
    if flow.learned() and weights is None:
        click.echo(
            f"note: {file.name} has parameters to learn and no --weights were given: "
            "they stand at their start",
            err=True,
        )
    _tell_cost(flow)
    path = compile_flow(
        flow, output, weights, dtype, target=target, batch=batch, opset=opset,
        solver_error=solver_error, gradient=gradient == "all" or gradient or False,
        share_weights=share_weights, native=native, name=name, exact_bits=exact_bits,
        wasm=wasm,
    )  # fmt: skip
    click.echo(f"wrote {path}", err=True)


def _tell_cost(flow: Flow) -> None:
    """Tell what a large flow will take, before it is begun.

    Errors:  FlowError, where it is too much.
    """
    from flowspec.diagnostics.quantities import size_in_words, time_in_words
    from flowspec.export.cost import check_compilation

    expense = check_compilation(flow)
    if expense and (expense.seconds > LONG or expense.memory > LARGE):
        words = f"{time_in_words(expense.seconds)} and {size_in_words(expense.memory)} of memory"
        click.echo(f"this flow is large: compiling it takes about {words}", err=True)
