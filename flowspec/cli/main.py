"""`flowspec`: finds its commands in this folder and imports only the one that is called."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import pkgutil
import platform
import sys
import warnings
from importlib import metadata
from typing import Any

import click

# A command multiplies no large matrices with numpy: starting its threads would take longer than
# `check` itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import flowspec.cli
from flowspec.cli.colors import colored
from flowspec.diagnostics.diagnostic import FlowError, suggest
from flowspec.version import VERSION

EXTRAS = {
    "torch": "train",
    "matplotlib": "plot",
    "distributed": "dask",
    "pyarrow": "parquet",
    "optuna": "tune",
    "ray": "ray",
    "lsprotocol": "lsp",
    "pygls": "lsp",
    "scipy": "judge",
    "sklearn": "judge",
    "threadpoolctl": "judge",
    "zuko": "zuko",
}
"""The extra that adds a package, by the name it is imported with."""

NO_COMMANDS = {
    "budget",
    "colors",
    "conditions",
    "ending",
    "exclusions",
    "files",
    "jobs",
    "main",
    "options",
    "progress",
    "throughput",
    "tuning",
}


class Commands(click.Group):
    """The modules of this folder as commands; `import_` is written `import`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(flowspec.cli.__path__))
        return sorted(name.rstrip("_") for name in names if name not in NO_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        module = f"{name}_" if name in ("list", "import") else name
        command: click.Command = importlib.import_module(f"flowspec.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if (
            args
            and args[0] not in self.list_commands(ctx)
            and (near := suggest(args[0], self.list_commands(ctx)))
        ):
            ctx.fail(f"there is no command {args[0]!r}; did you mean {near!r}?")
        return super().resolve_command(ctx, args)


def _packages() -> str:
    """The versions that decide what comes out, of what is installed."""
    found = [f"Python {platform.python_version()}"]
    for name in ("numpy", "onnx", "onnxruntime", "torch"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message=f"flowspec %(version)s ({_packages()})")
def cli() -> None:
    """Normalizing flows, written in a line, trained in PyTorch, run anywhere.

    \b
    flowspec check my.flow                 is it right?
    flowspec compile my.flow -o my_model   ONNX graphs for sampling and log_prob
    flowspec sample my_model -n 5          draw from it
    """


def main() -> None:
    """Exit code 0: done. 1: the input is wrong. 2: the command was called wrongly."""
    warnings.showwarning = _show_warning
    # What overflows is told as what it means, or means nothing.
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    if not _has_directory():
        click.echo("error: the current directory is gone; change into one that exists", err=True)
        sys.exit(1)
    try:
        try:
            cli(prog_name="flowspec")
        finally:
            sys.stdout.flush()
    except FlowError as error:
        click.echo(colored(str(error)), err=True)
        sys.exit(1)
    except OSError as error:
        _drop_output()
        if error.errno != errno.EPIPE:  # else the reader of our output (`| head`) has had enough
            click.echo(f"error: {_what(error)}: {(error.strerror or str(error)).lower()}", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo("error: there is not enough memory for this", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        click.echo(
            f'error: this needs {error.name}; install it with `pip install "flowspec[{extra}]"`',
            err=True,
        )
        sys.exit(1)


def _has_directory() -> bool:
    """False where the current directory was removed: torch's libraries end the process there."""
    try:
        return bool(os.getcwd())
    except FileNotFoundError:
        return False


def _what(error: OSError) -> str:
    """What could not be done. Writing to standard output has no name of a file."""
    if error.filename is not None:
        return f"{os.fspath(error.filename)} cannot be read or written"
    return "standard output cannot be written"


def _drop_output() -> None:
    """Let what still waits for standard output go nowhere, so that Python's end is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(message: Warning | str, *place: Any, **further: Any) -> None:
    """A warning in words, without the line of code that gave it."""
    text = str(message)
    click.echo(text if text.startswith("warning") else f"warning: {text}", err=True)
