"""`flowspec targets`: the engines that graphs can be compiled for."""

from __future__ import annotations

from typing import Any

import click

from flowspec.cli.options import print_json


@click.command(short_help="The engines that graphs can be compiled for.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, programs.",
)
def command(form: str) -> None:
    """List the targets of `flowspec compile --target`: operators, float types, what is written
    otherwise for it, and what each engine is known to compute wrongly.

    Example: flowspec targets
    """
    from flowspec.export.profiles import PROFILES, Profile

    def listed(profile: Profile) -> dict[str, Any]:
        return {
            "name": profile.name,
            "title": profile.title,
            "opsets": {str(opset): version for opset, version in profile.ir_versions.items()},
            "dtypes": list(profile.dtypes),
            "loops": profile.dialect.loops,
            "rows": profile.rows or ("any" if profile.any_batch else "fixed"),
            "graphs": [f"{name}.onnx" for name in profile.graphs],
            "changes": list(profile.changes),
            "wrong_on": list(profile.wrong_on),
            "wrong_on_graphs_for_onnxruntime": profile.wrong_on_default,
        }

    everything = [listed(profile) for profile in PROFILES.values()]
    if form == "json":
        print_json(everything)
        return
    for each in everything:
        click.echo(_text(each) + "\n")
    click.echo("`flowspec compile FILE -o DIR --target NAME` writes graphs for one of them.")


def _text(entry: dict[str, Any]) -> str:
    opsets = ", ".join(f"{opset} (IR {version})" for opset, version in entry["opsets"].items())
    rows = {"any": "any number of rows", "fixed": "a fixed number of rows, with --batch"}
    lines = [
        f"{entry['name']}: {entry['title']}",
        f"opset {opsets}",
        f"{' and '.join(entry['dtypes'])}, {'loops' if entry['loops'] else 'no loops'}, "
        + rows.get(entry["rows"], f"{entry['rows']} row at a time"),
        *(f"changes: {change}" for change in entry["changes"]),
        *(f"wrong on: {what}" for what in entry["wrong_on"]),
    ]
    if what := entry["wrong_on_graphs_for_onnxruntime"]:
        lines.append(f"wrong on graphs for onnxruntime: {what}")
    return "\n  ".join(lines)
