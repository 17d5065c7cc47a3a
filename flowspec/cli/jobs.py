"""Jobs of many files: their options, and how they are carried out and told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from flowspec.cli.options import together
from flowspec.diagnostics.quantities import amount

if TYPE_CHECKING:
    from flowspec.data.places import Place
    from flowspec.scale.job import Job, Tally

OPTIONS = together(
    click.option(
        "--rows-per-file",
        type=click.IntRange(1, 100_000_000),
        default=1_000_000,
        show_default=True,
        help="Where OUTPUT is a folder. A larger file of a scored table becomes several.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "dask", "ray"]),
        default="local",
        show_default=True,
        help="What runs the workers, where OUTPUT is a folder.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, 1024),
        help="Processes, where OUTPUT is a folder; one for each core, if not given.",
    ),
    click.option("--address", help="Of a cluster of Dask or Ray, in place of workers here."),
    click.option("--resume", is_flag=True, help="Go on with the files of a folder."),
)


def is_folder(output: Place | None) -> bool:
    """True if a path is to be a folder of tables: it has not the ending of one, and no other, or is
    a folder.
    """
    from flowspec.data.tables.write import WRITERS

    if output is None or output.suffix.lower() in WRITERS:
        return False
    return output.is_dir() or not output.suffix


def refuse_without_folder(**given: object) -> None:
    """Refuse options that are of folders, for an output that is none."""
    for name, value in given.items():
        if value:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} is of folders: write `-o` with a name without ending")


def carry_out(
    job: Job, engine: str, workers: int | None, address: str | None, resume: bool
) -> Tally:
    """Write the files of a job, and tell how it goes on."""
    from flowspec.cli.throughput import Throughput
    from flowspec.scale import folder
    from flowspec.scale.job import Tally
    from flowspec.scale.running import run

    if address is not None and engine == "local":
        raise click.UsageError("--address is of `--engine dask` or `--engine ray`")
    if not folder.begin(job, resume) and resume:
        click.echo(f"nothing to go on with in {job.folder}: it begins anew", err=True)
    left = job.left
    count = min(workers or cores(), max(len(left), 1))
    tally = Tally()
    with Throughput(job.rows, job.rows - sum(task.rows for task in left)) as progress:
        try:
            for each in run(job, engine, count, address):
                tally += each
                progress.add(each.rows)
        except KeyboardInterrupt:
            done = len(job.tasks) - len(job.left)
            click.echo(
                f"\nstopped: {done} of {amount(len(job.tasks), 'file')} stand in {job.folder}; "
                "the same command with --resume goes on",
                err=True,
            )
            raise click.exceptions.Exit(130) from None
    files = amount(len(job.tasks), "file")
    click.echo(f"{progress.words}: {files} in {job.folder}", err=True)
    return tally


def cores() -> int:
    """The cores that this process may use."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
