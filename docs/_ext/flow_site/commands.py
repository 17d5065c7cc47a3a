"""The command line, from the help of its commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from flow_site.markdown import cell, code, escaped, fenced, table_of
from flowspec.cli.main import cli


def page() -> str:
    """A section for each command."""
    top = click.Context(cli, info_name="flowspec")
    contexts = [click.Context(command, info_name=name, parent=top) for name, command in commands()]
    rows = [
        (
            f"[`{context.command_path}`](#flowspec-{context.info_name})",
            cell(context.command.get_short_help_str(200)),
        )
        for context in contexts
    ]
    return "\n\n".join([table_of(["command", "does"], rows), *map(_section, contexts)])


def commands() -> Iterator[tuple[str, click.Command]]:
    """The commands by name."""
    top = click.Context(cli)
    for name in cli.list_commands(top):
        if command := cli.get_command(top, name):
            yield name, command


def _section(context: click.Context) -> str:
    return "\n\n".join([f"## {context.command_path}", *_paragraphs(context)])


def _paragraphs(context: click.Context) -> Iterator[str]:
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield fenced(f"{context.command_path} {usage}")
    yield from map(_paragraph, re.split(r"\n\n+", inspect.cleandoc(command.help or "")))
    options = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
    if rows := [(code(names), cell(words)) for names, words in filter(None, options)]:
        yield table_of(["option", "meaning"], rows)


def _paragraph(text: str) -> str:
    """A paragraph of a help; what is marked to keep its lines, and examples, as code."""
    if text.startswith("\b\n"):
        return fenced(text.removeprefix("\b\n"))
    if text.startswith("Example: "):
        return fenced(f"$ {text.removeprefix('Example: ')}", "console")
    return escaped(text)
