"""`flowspec explain`: one base or step at length."""

from __future__ import annotations

import click

from flowspec.diagnostics.diagnostic import FlowError, suggest


@click.command(short_help="One base or step at length.")
@click.argument("name")
def command(name: str) -> None:
    """Explain NAME, a base, a step, or a form such as `repeat`: formula, arguments, examples,
    source. Or what is told of data before a training, by its code: `whole-numbers`.

    Example: flowspec explain RQS
    """
    from flowspec.language.call_mistakes import UnknownName
    from flowspec.language.catalogue import entries
    from flowspec.train.feed.data_warnings import explained, kinds

    known = {entry.name: entry for entry in entries()}
    if name in known:
        click.echo(known[name].explained())
    elif told := explained(name):
        click.echo(told)
    else:
        near = suggest(name, [*known, *kinds()])
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all names"
        raise FlowError(UnknownName(kind="base or step", name=name, advice=advice))
