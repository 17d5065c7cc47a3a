"""`flowspec fit`: trains a flow on a table, and leaves the bundle."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowspec.cli.options import FLOW_FILE
from flowspec.settings import Settings, ranges

if TYPE_CHECKING:
    from flowspec.flow import Flow
    from flowspec.train.engine import Engine
    from flowspec.train.fitting import Epoch, Training
    from flowspec.train.rows import Rows

INTERRUPTED = 130
"""Exit code of a command that was told to stop, as shells have it."""


def hyper_parameters(command):
    """An option for each of the settings."""
    kinds = {"int": click.IntRange, "float": click.FloatRange}
    for name, limits in reversed(ranges().items()):
        if limits.choices:
            kind: click.ParamType = click.Choice(limits.choices)
        elif limits.hint:
            kind = click.INT
        else:
            kind = kinds[Settings.__annotations__[name]](limits.low, limits.high, min_open=limits.above)
        option = click.option(
            f"--{name.replace('_', '-')}", type=kind, default=getattr(Settings, name), show_default=True, help=limits.doc
        )
        command = option(command)
    return command


@click.command(short_help="Train a flow on a table; leave the bundle.")
@FLOW_FILE
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A .csv, .parquet or .npy table.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Directory of the bundle.")
@click.option("--weights", "weight_column", metavar="COLUMN", help="A column that says how much each row counts.")
@click.option("--drop-bad-rows", is_flag=True, help="Leave out rows that are not finite or outside the support.")
@hyper_parameters
@click.option("--accelerator", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True)
@click.option("--devices", type=click.IntRange(1), default=1, show_default=True, help="A process for each of them.")
@click.option("--precision", type=click.Choice(["32", "64", "bf16"]), default="32", show_default=True, help="Of the training.")
@click.option("--compile", "compiled", is_flag=True, help="Use torch.compile: slow to start, then faster.")
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever was kept of a training that was stopped.")
@click.option(
    "--checkpoint-every", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds between checkpoints."
)
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True, help="Of the graphs.")
def command(
    file: Path,
    data: Path,
    output: Path,
    weight_column: str | None,
    drop_bad_rows: bool,
    accelerator: str,
    devices: int,
    precision: str,
    compiled: bool,
    resume: bool,
    restart: bool,
    checkpoint_every: float,
    dtype: str,
    **options,
) -> None:
    """Train the flow in FILE on a table, whose columns are found by the names in `event` and `context`.

    Writes the bundle, with the weights, metrics and pictures, to the output directory. Progress goes to standard error.
    While it runs, the training is kept in OUTPUT.training, with a log of its epochs; `--resume` goes on from there.

    Example: flowspec fit examples/iris.flow --data examples/data/iris.csv -o iris_model
    """
    from flowspec.export.bundle import check_place
    from flowspec.export.bundle import compile as compile_flow
    from flowspec.language.reading import read
    from flowspec.train.engine import Engine
    from flowspec.train.fitting import Keeper, Stopped, Training
    from flowspec.train.report import log, report

    if resume and restart:
        raise click.UsageError("--resume and --restart exclude each other")
    settings, engine = Settings(**options), Engine(accelerator, devices, precision, compiled)
    flow = read(file)
    check_place(output)  # before the training, not after it
    training = Training(flow, _rows(flow, data, weight_column, drop_bad_rows, engine), settings, engine)
    kept = (place := output.resolve()).with_name(f"{place.name}.training")  # `-o .` has a name only when resolved
    if restart:
        shutil.rmtree(kept, ignore_errors=True)
    stop = Interrupt()
    keeper = Keeper(kept / "checkpoint.pt", resume, checkpoint_every, stop)
    try:
        with stop, Progress(training, kept / "log.csv", log) as progress:
            model = training.run(keeper, progress)
    except Stopped as stopped:
        if training.processes.first:
            click.echo(f"stopped in epoch {stopped.epoch}; add --resume to the same command to go on", err=True)
        sys.exit(INTERRUPTED)
    if not training.processes.first:
        return
    compile_flow(model, output, dtype=dtype, extras=report(training, model))
    shutil.rmtree(kept)
    click.echo(f"best validation loss {training.best:.4f} nats per row; wrote {output}", err=True)


def _rows(flow: Flow, data: Path, weight_column: str | None, drop_bad_rows: bool, engine: Engine) -> Rows:
    """The columns of a table that a flow is trained on."""
    from flowspec.tables import read_table, without_bad_rows
    from flowspec.train.rows import checked_rows

    table = read_table(data)
    values = table.numbers(flow.columns)
    context = table.numbers(flow.context.names) if flow.context else None
    weights = table.numbers([weight_column])[:, 0] if weight_column else None
    if drop_bad_rows:
        values, context, weights, dropped = without_bad_rows(flow, values, context, weights)
        if engine.speaks:
            click.echo(f"dropped {dropped} of {table.rows} rows that are not finite or outside the support", err=True)
    return checked_rows(flow, values, context, weights, engine.dtype)


class Interrupt:
    """Remembers that Ctrl-C was pressed, or that the process was asked to end. A second time ends it at once."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def __init__(self):
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def __enter__(self) -> Interrupt:
        self._before = {each: signal.signal(each, self._note) for each in self.signals}
        return self

    def __exit__(self, *error) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number, frame) -> None:
        self.asked = True
        for each, handler in self._before.items():
            signal.signal(each, handler)


class Progress:
    """A bar on a terminal, a line every tenth of the way elsewhere, and the log: at most once a second."""

    def __init__(self, training: Training, place: Path, log):
        self.training = training
        self.place = place
        self.log = log
        self.written = 0.0
        self.terminal = sys.stderr.isatty()
        self.bar = click.progressbar(
            length=training.settings.epochs, label="training", file=sys.stderr, item_show_func=self._shown
        )

    def __enter__(self) -> Progress:
        if self.terminal:
            self.bar.__enter__()
        return self

    def __exit__(self, *error) -> None:
        if self.training.history and self.training.processes.first:
            self._write_log()
        if self.terminal:
            self.bar.__exit__(*error)

    def __call__(self, epoch: Epoch) -> None:
        if time.monotonic() - self.written >= 1:
            self._write_log()
        if self.terminal:
            self.bar.update(epoch.number - self.bar.pos, epoch)
        elif epoch.number % max(1, self.training.settings.epochs // 10) == 0:
            click.echo(f"epoch {epoch.number}  {self._shown(epoch)}", err=True)

    def _write_log(self) -> None:
        from flowspec.files import write_file

        write_file(self.place, self.log(self.training.history).encode())
        self.written = time.monotonic()

    @staticmethod
    def _shown(epoch: Epoch | None) -> str:
        if epoch is None:
            return ""
        return f"loss {epoch.loss:.4f}  validation {epoch.validation:.4f}  {epoch.rows_per_second:,.0f} rows/s"
