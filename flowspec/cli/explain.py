"""`flowspec explain`: one base or step at length, or one code of what is told."""

from __future__ import annotations

import click

from flowspec.diagnostics.diagnostic import FlowError, suggest


@click.command(short_help="One base or step at length, or the code of a mistake.")
@click.argument("name")
def command(name: str) -> None:
    """Explain NAME, a base, a step, or a form such as `repeat`: formula, arguments, examples,
    source. Or what is told of a flow or of data, by its code, `domain-mismatch` or `whole-numbers`:
    what is wrong, why, and what is right.

    Example: flowspec explain RQS
    """
    from flowspec.diagnostics.explained import codes, explanation
    from flowspec.language.call_mistakes import UnknownName
    from flowspec.language.catalogue import entries
    from flowspec.train.feed.data_warnings import explained, kinds

    known = {entry.name: entry for entry in entries()}
    if name in known:
        click.echo(known[name].explained())
    elif told := explanation(name) or explained(name):
        click.echo(told)
    else:
        near = suggest(name, [*known, *kinds(), *codes()])
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all names"
        raise FlowError(UnknownName(kind="base, step or code", name=name, advice=advice))
