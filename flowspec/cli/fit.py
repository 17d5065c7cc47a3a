"""`flowspec fit`: trains a flow on a table, and leaves the bundle."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowspec.cli.budget import Time, budgeted
from flowspec.cli.ending import say_the_end
from flowspec.cli.exclusions import refuse_together
from flowspec.cli.options import FLOW_FILE, TABLE_PLACE, Command, echo_all, together, writable
from flowspec.cli.progress import INTERRUPTED, Interrupt, Progress
from flowspec.cli.tuning import searched
from flowspec.diagnostics.quantities import amount
from flowspec.ir.settings import Range, Settings, ranges

if TYPE_CHECKING:
    from flowspec.data import places
    from flowspec.ir.flow import Flow
    from flowspec.train.engine import Engine
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.feed.sources import Source
    from flowspec.train.run import Place, Run
    from flowspec.train.training import Training


def hyper_parameters(command: Command) -> Command:
    """An option for each of the settings. What is not given stands as the file has it."""
    for name, limits in reversed(list(ranges().items())):
        default = getattr(Settings, name)
        command = click.option(
            f"--{name.replace('_', '-')}",
            type=_kind(limits),
            default=() if limits.kind is tuple else None,
            multiple=limits.kind is tuple,
            metavar="COLUMN" if limits.kind is tuple else None,
            help=limits.doc + (f"  [default: {default}]" if default != () else ""),
        )(command)
    return command


def _kind(limits: Range) -> click.ParamType[Any]:
    if limits.kind is tuple:
        return click.STRING
    if limits.choices:
        return click.Choice(limits.choices)
    if limits.hint:
        return click.INT
    high = limits.high if math.isfinite(limits.high) else None
    if limits.kind is int:
        return click.IntRange(int(limits.low), None if high is None else int(high))
    return click.FloatRange(limits.low, high, min_open=limits.above)


TABLE = together(
    click.option(
        "--data",
        required=True,
        type=TABLE_PLACE,
        help="A table (.csv, .tsv, .parquet, .feather, .jsonl, .npy), or a folder of .parquet.",
    ),
    click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(path_type=Path),
        callback=writable,
        help="Directory of the bundle.",
    ),
    click.option(
        "--held-out",
        type=TABLE_PLACE,
        help="A table of rows to hold out, in place of a share.",
    ),
    click.option(
        "--weights",
        "weight_column",
        metavar="COLUMN",
        help="A column that says how much each row counts.",
    ),
    click.option(
        "--drop-bad-rows",
        is_flag=True,
        help="Leave out rows that are not finite or outside the support.",
    ),
)
"""The data of a training, and the place of its bundle."""

ENGINE = together(
    click.option(
        "--accelerator",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        show_default=True,
    ),
    click.option(
        "--devices",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="A process for each of them.",
    ),
    click.option(
        "--precision",
        type=click.Choice(["32", "64", "bf16"]),
        help="Of the training.  [default: 32, or that of the bundle to start from]",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Of each process; more help large networks only.",
    ),
    click.option(
        "--compile", "compiled", is_flag=True, help="Use torch.compile: slow to start, then faster."
    ),
)
"""The machine that trains."""

RESUMING = together(
    click.option(
        "--start-from",
        type=click.Path(path_type=Path),
        metavar="BUNDLE",
        help="Train on from the weights of a bundle of this flow.",
    ),
    click.option(
        "--remeasure",
        is_flag=True,
        help="With --start-from: measure anew what was measured from the data of the bundle.",
    ),
    click.option("--resume", is_flag=True, help="Go on with a training that was stopped."),
    click.option(
        "--restart",
        is_flag=True,
        help="Begin anew, whatever was kept of a training that was stopped.",
    ),
    click.option(
        "--checkpoint-every",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        help="Seconds between checkpoints.",
    ),
)
"""Trainings that go on from others."""

SEARCH = click.option(
    "--tune",
    type=click.IntRange(1),
    metavar="N",
    help="First try N sizes and settings around those of the file, and take the best.",
)

BUDGET = click.option(
    "--budget",
    type=Time(),
    metavar="TIME",
    help="Choose epochs, and what else suits the rows, for 30s, 10m or 2h of training.",
)


@click.command(short_help="Train a flow on a table; leave the bundle.")
@FLOW_FILE
@TABLE
@hyper_parameters
@SEARCH
@BUDGET
@ENGINE
@RESUMING
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    help="Of the graphs.  [default: float64 with --precision 64, else float32]",
)
@click.option("--no-judge", is_flag=True, help="Leave out the verdict by the rows held out.")
def command(
    file: Path,
    data: places.Place,
    output: Path,
    held_out: places.Place | None,
    weight_column: str | None,
    drop_bad_rows: bool,
    tune: int | None,
    budget: float | None,
    accelerator: str,
    devices: int,
    precision: str | None,
    threads: int,
    compiled: bool,
    start_from: Path | None,
    remeasure: bool,
    resume: bool,
    restart: bool,
    checkpoint_every: float,
    dtype: str | None,
    no_judge: bool,
    **options: Any,
) -> None:
    """Train the flow in FILE on a table, whose columns are found by the names in `event` and
    `context`.

    Writes the bundle, with the weights, metrics and pictures, to the output directory. Progress
    goes to standard error. While it runs, the training is kept in OUTPUT.training, with a log of
    its epochs; `--resume` goes on from there. A training that diverged leaves its bundle in
    OUTPUT.failed, and what was in OUTPUT stays. Hyper-parameters can
    stand in the file, `train { epochs = 100 }`; an option here wins. `--start-from` trains a
    bundle on: what was measured from its data (`Standardize`, the scale of the context) stays.
    `--tune` tries other values around those of the file; options here stay as they are, and the
    search, with its table and the best file, is kept in OUTPUT.tuning. `--budget` measures how
    long a step takes, and chooses the epochs for the time, and, where neither the file nor an
    option says them, batches and learning rate for the rows.

    Example: flowspec fit examples/iris.flow --data examples/data/iris.csv -o iris_model
    """
    from flowspec.export.cost import check_compilation
    from flowspec.ir import flexibility
    from flowspec.language.checker import check
    from flowspec.language.parser import read_source
    from flowspec.model.model import Model
    from flowspec.train.budget import longer
    from flowspec.train.checkpoint import Keeper
    from flowspec.train.engine import Engine
    from flowspec.train.ensemble import SINGLE, training_of
    from flowspec.train.feed.shuffled import Shuffled
    from flowspec.train.run import Place, Run
    from flowspec.train.warm import bundle_model

    refuse_together(
        {
            "resume": resume, "restart": restart, "remeasure": remeasure, "start_from": start_from,
            "held_out": held_out, "tune": tune, "budget": budget, "devices": devices > 1, **options,
        }
    )  # fmt: skip
    written = read_source(file)
    flow = check(written)
    check_compilation(flow)
    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    settings = Settings(**{**flow.train, **chosen})
    start = bundle_model(flow, start_from) if start_from else Model(flow, seed=settings.seed)
    precision = precision or ("64" if start.dtype == "float64" else "32")
    engine = Engine(accelerator, devices, precision, compiled, threads)
    place = Place(output)
    stop = Interrupt()
    files: Mapping[str, bytes] = {}
    with place.held(engine.is_rank_zero):
        is_searching = tune and place.tuning.exists()
        if resume and not place.is_kept and not is_searching and _nothing_to_resume(place, engine):
            return
        source_of = partial(_source, flow, settings, engine, weight_column, drop_bad_rows)
        source = source_of(data)
        held = source_of(held_out) if held_out else None
        if engine.is_rank_zero:
            echo_all([*flexibility.warnings(flow), *source.warnings()])
        if restart:
            place.forget()
            place.forget_search()

        def training_for(flow: Flow, **changes: Any) -> Training | Ensemble:
            own = Settings(**{**flow.train, **chosen, **changes})
            batches = Shuffled(source, own, held)
            model = start if start_from else Model(flow, seed=own.seed)
            return training_of(model, batches, own, engine, remeasure)

        if tune:
            if not resume:  # a training that is kept is refused before the search, not behind it
                Keeper(place.checkpoint).kept_state()
            single = partial(training_for, **SINGLE)
            found = searched(written, tune, single, [*chosen], place, resume, stop)
            flow = found.flow
            files = {"tuning.csv": found.table.encode(), "best.flow": found.text.encode()}
        if budget:
            stated = {*flow.train, *chosen}
            chosen |= _chosen_for(
                budget, settings, stated, partial(training_for, flow), place, resume
            )
        training = training_for(flow)
        run = Run(
            training,
            place,
            resume=resume,
            interval=checkpoint_every,
            stop=stop,
            dtype=dtype,
            judge=not no_judge,
            files=files,
            longer=longer(training.settings, budget, training.batches.steps, "--budget {}"),
        )
        _train_and_write(run, stop)
        if tune:
            place.forget_search()
    if training.is_rank_zero:
        say_the_end(run)


def _nothing_to_resume(place: Place, engine: Engine) -> bool:
    """Say that no training is kept; True if that is because it is finished."""
    finished = f"{place.output} is finished: to train it anew, leave --resume out"
    if engine.is_rank_zero:
        anew = f"nothing to go on with in {place.kept.name}: it begins anew"
        click.echo(finished if place.is_finished else anew, err=True)
    return place.is_finished


def _chosen_for(
    seconds: float,
    settings: Settings,
    stated: set[str],
    training: Callable[..., Training | Ensemble],
    place: Place,
    resume: bool,
) -> dict[str, Any]:
    """The settings that a time allows, by name."""

    def training_of(settings: Settings) -> Training | Ensemble:
        return training(**vars(settings))

    found = budgeted(settings, seconds, stated, training_of, place, resume)
    return vars(found)


def _train_and_write(run: Run, stop: Interrupt) -> None:
    """Train with progress on standard error, and write the bundle.

    What goes wrong leaves the training kept.
    """
    from flowspec.train.training import Stopped

    try:
        with stop, Progress(run.training) as progress:
            model = run.train(progress, progress.step)
    except Stopped as stopped:
        if run.training.is_rank_zero:
            advice = "add --resume to the same command to go on"
            click.echo(f"stopped in epoch {stopped.epoch}; {advice}", err=True)
        sys.exit(INTERRUPTED)
    try:
        run.write(model)
    except BaseException:
        if run.training.is_rank_zero:
            kept = f"{run.place.output} was not written; the training is kept"
            click.echo(f"{kept}: --resume finishes it", err=True)
        raise


def _source(
    flow: Flow,
    settings: Settings,
    engine: Engine,
    weights: str | None,
    drop: bool,
    path: places.Place,
) -> Source:  # fmt: skip
    """The columns of a table that a flow is trained on."""
    from flowspec.data.pieces import open_pieces
    from flowspec.train.feed.sources import table_source

    table = open_pieces(path)
    source = table_source(
        flow, table, weights, dtype=engine.dtype, dequantize=settings.dequantize, drop=drop
    )
    if not engine.is_rank_zero:
        return source
    if drop:
        click.echo(
            f"dropped {source.dropped} of {amount(table.rows, 'row')} that are not finite "
            "or outside the support",
            err=True,
        )
    used = {*flow.columns, *(flow.context.names if flow.context else ()), weights}
    if rest := [name for name in table.columns if name not in used and table.named]:
        click.echo(f"note: not used of {table.name}: {', '.join(rest)}", err=True)
    return source
