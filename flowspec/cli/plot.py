"""`flowspec plot`: draws what a bundle gives, beside data if there is any."""

from __future__ import annotations

from pathlib import Path

import click

from flowspec.cli.options import DIRECTORY


@click.command(short_help="Draw a bundle's samples and density.")
@DIRECTORY
@click.option("--data", type=click.Path(path_type=Path), help="A .csv, .parquet or .npy table to draw beside the samples.")
@click.option("-n", "count", type=click.IntRange(1, 1_000_000), default=5000, show_default=True, help="Samples to draw.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The picture; DIRECTORY.png, if not given.")
def command(directory: Path, data: Path | None, count: int, seed: int, output: Path | None) -> None:
    """Draw the samples of the bundle in DIRECTORY: a histogram of each coordinate, each pair where these are few, and the
    density of one or two coordinates.

    A conditional bundle is drawn at the contexts of the data, which it needs.

    Example: flowspec plot iris_model --data examples/data/iris.csv -o iris.png
    """
    import numpy as np

    from flowspec import plots
    from flowspec.diagnostics import FlowError
    from flowspec.files import write_file
    from flowspec.runtime.bundle import load
    from flowspec.runtime.inputs import WrongInput
    from flowspec.tables import read_table

    bundle = load(directory)
    table = read_table(data) if data else None
    if bundle.context and table is None:
        advice = f"add --data and a table with columns {', '.join(bundle.context)}"
        raise FlowError(WrongInput(what="this bundle is conditional: there is nothing to draw without contexts", advice=advice))
    # A table of contexts alone will do.
    values = table.numbers(bundle.columns) if table and (not bundle.context or {*bundle.columns} & {*table.columns}) else None
    if bundle.context and table:
        shown = np.random.default_rng(seed).permutation(table.rows)[:count]
        samples = bundle.sample(seed=seed, context=table.numbers(bundle.context)[shown])
        density = None
    else:
        samples = bundle.sample(count, seed=seed)

        def density(points: np.ndarray) -> np.ndarray:
            return bundle.log_prob(points[:, 0] if bundle.about["scalar"] else points)

    named = directory if directory.name else directory.resolve()
    place = output or named.with_name(f"{named.name}.png")
    write_file(place, plots.compared(values, samples, bundle.columns, density))
    click.echo(f"wrote {place}", err=True)
