"""`flowspec lsp`: the language server, for editors."""

from __future__ import annotations

import click


@click.command(short_help="Help an editor: the language server.")
@click.option("--stdio", is_flag=True, help="Standard input and output, which is the default.")
@click.option("--tcp", type=click.IntRange(1, 65535), metavar="PORT", help="Listen on a port here.")
def command(stdio: bool, tcp: int | None) -> None:
    """Answer an editor in the Language Server Protocol, over standard input and output.

    An editor starts it by itself: docs/editors.md says how to set it up. It shows mistakes and
    supports while a flow is written, completes steps, and renames and formats.

    Example: flowspec lsp
    """
    from flowspec.editing.server import serve

    if stdio and tcp is not None:
        raise click.UsageError("--stdio goes without --tcp")
    serve(tcp)
