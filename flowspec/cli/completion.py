"""`flowspec completion`: what the Tab key offers, in bash, zsh and fish."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from flowspec.data.files import rewrite_file, write_file


@dataclass(frozen=True)
class Shell:
    """Where a shell looks for what others complete.

    start   lines that its start-up file needs, once
    """

    file: str
    start_file: str = ""
    start: str = ""


MARK = "# completion of flowspec"
SHELLS = {
    "bash": Shell(".local/share/bash-completion/completions/flowspec"),
    "zsh": Shell(
        ".zfunc/_flowspec",
        ".zshrc",
        f"{MARK}\nfpath+=~/.zfunc\nautoload -Uz compinit && compinit\n",
    ),
    "fish": Shell(".config/fish/completions/flowspec.fish"),
}


@click.command(short_help="Complete commands and options with the Tab key.")
@click.argument("shell", type=click.Choice(list(SHELLS)), required=False)
@click.option("--install", is_flag=True, help="Put it where the shell finds it.")
def command(shell: str | None, install: bool) -> None:
    """Print the script that completes `flowspec` in SHELL, by default the one of $SHELL; or
    install it with --install.

    Example: flowspec completion --install
    """
    name = shell or shell_of(os.environ)
    if name is None:
        raise click.UsageError("which shell? write one of " + ", ".join(SHELLS))
    script = script_of(name)
    if not install:
        click.echo(script, nl=False)
        return
    home = Path.home()
    place = SHELLS[name]
    path = home / place.file
    write_file(path, script.encode())
    click.echo(f"wrote {path}")
    if place.start_file:
        _begin(home / place.start_file, place.start)
    click.echo(f"it works in every {name} that is started from now on")


def shell_of(environment: Mapping[str, str]) -> str | None:
    """The shell that a user works in, where it is one of these: $SHELL, else that of the login."""
    name = Path(environment.get("SHELL") or _login_shell()).name
    return name if name in SHELLS else None


def _login_shell() -> str:
    """The path of the shell that the system starts for this user; empty where it has none."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_shell
    except (ImportError, KeyError):  # Windows; a number without a name
        return ""


def script_of(shell: str) -> str:
    """The script of click for this program."""
    from flowspec.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    try:
        return kind(cli, {}, "flowspec", "_FLOWSPEC_COMPLETE").source() + "\n"
    except RuntimeError as error:  # click asks bash for its version
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def _begin(path: Path, lines: str) -> None:
    """Add lines to a start-up file, if they are not there."""
    text = path.read_text() if path.exists() else ""
    if MARK in text:
        return
    gap = "\n" if text and not text.endswith("\n") else ""
    write = rewrite_file if path.exists() else write_file
    write(path, f"{text}{gap}{lines}".encode())
    click.echo(f"added {len(lines.splitlines())} lines to {path}")
