"""Man pages of all commands from their help: `python docs/_ext/man.py build/man`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click_man.core import write_man_pages

from flow_site.commands import commands
from flowspec.cli.main import cli
from flowspec.version import VERSION


def write(folder: Path) -> None:
    """Write a page for `flowspec` and one for each command, the same bytes every day."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    folder.mkdir(parents=True, exist_ok=True)
    # Commands that are found when they are called are not seen.
    group = click.Group("flowspec", dict(commands()), help=cli.help, params=cli.params)
    write_man_pages("flowspec", group, version=VERSION, target_dir=str(folder))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
