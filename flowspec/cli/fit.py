"""`flowspec fit`: trains a flow on a table, and leaves the bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowspec.cli.options import FLOW_FILE


@click.command(short_help="Train a flow on a table; leave the bundle.")
@FLOW_FILE
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A .csv, .parquet or .npy table.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Directory of the bundle.")
@click.option("--epochs", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=256, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), default=1e-2, show_default=True)
@click.option("--validation", type=click.FloatRange(0, 0.9), default=0.1, show_default=True, help="Share of rows held out.")
@click.option("--patience", type=click.IntRange(min=1), default=30, show_default=True, help="Epochs to wait for a better one.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
def command(file: Path, data: Path, output: Path, dtype: str, **options) -> None:
    """Train the flow in FILE on a table, whose columns are found by the names in `event` and `context`.

    Writes the bundle, with the weights, to the output directory. Progress goes to standard error.

    Example: flowspec fit examples/iris.flow --data examples/data/iris.csv -o iris_model
    """
    from flowspec.export.bundle import check_place
    from flowspec.export.bundle import compile as compile_flow
    from flowspec.language.reading import read
    from flowspec.tables import read_table
    from flowspec.train.fitting import fit

    flow, table = read(file), read_table(data)
    check_place(output)  # before the training, not after it
    context = table.numbers(flow.context.names) if flow.context else None
    values = table.numbers(flow.columns)
    with Progress(options["epochs"]) as progress:
        model = fit(flow, values, context, on_epoch=progress, **options)
    compile_flow(model, output, dtype=dtype)
    click.echo(f"best validation loss {progress.best:.4f} nats per row; wrote {output}", err=True)


class Progress:
    """A bar on a terminal, a line every tenth of the way elsewhere."""

    def __init__(self, epochs: int):
        self.epochs = epochs
        self.best = float("inf")
        self.bar = click.progressbar(length=epochs, label="training", file=sys.stderr, item_show_func=self._shown)
        self.terminal = sys.stderr.isatty()

    def __enter__(self):
        if self.terminal:
            self.bar.__enter__()
        return self

    def __exit__(self, *error):
        if self.terminal:
            self.bar.__exit__(*error)

    def __call__(self, epoch) -> None:
        self.best = min(self.best, epoch.validation)
        if self.terminal:
            self.bar.update(1, epoch)
        elif epoch.number % max(1, self.epochs // 10) == 0:
            click.echo(f"epoch {epoch.number}  loss {epoch.loss:.4f}  validation {epoch.validation:.4f}", err=True)

    @staticmethod
    def _shown(epoch) -> str:
        return "" if epoch is None else f"loss {epoch.loss:.3f} validation {epoch.validation:.3f}"
