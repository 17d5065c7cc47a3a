"""`flowspec list`: every base and step."""

from __future__ import annotations

import click

from flowspec.cli.options import print_json, table


@click.command("list", short_help="Every base and step, with domain, image and an example.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="For people, programs, pages.",
)
def command(form: str) -> None:
    """List the bases and steps: what each takes, what it gives, how it is written.

    Example: flowspec list
    """
    from flowspec.language.catalogue import entries, markdown

    everything = entries()
    if form == "markdown":
        click.echo(markdown(everything), nl=False)
        return
    if form == "json":
        print_json([entry.to_json() for entry in everything])
        return
    for kind in ("base", "step", "form", "macro"):
        rows = (
            [("name", "takes", "gives", "example")]
            if kind == "step"
            else [("name", "", "gives", "example")]
        )
        rows += [(e.name, e.takes, e.gives, e.example) for e in everything if e.kind == kind]
        if len(rows) > 1:
            click.echo(table(rows) + "\n")
    click.echo("`flowspec explain NAME` says more about one of them.")
