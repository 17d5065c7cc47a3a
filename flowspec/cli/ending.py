"""What is said at the end of a training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flowspec.train.run import Run


def say_the_end(run: Run) -> None:
    """Say how the training went, and where its bundle is."""
    from flowspec.train import baselines, cross_validation, judged
    from flowspec.train.adam import decayed
    from flowspec.train.ensemble import members_of
    from flowspec.train.gaussians import takes_gaussians

    training, place = run.training, run.place
    members = members_of(training)
    metrics = json.loads((place.resolved / "metrics.json").read_text())
    for remark in metrics["remarks"]:
        click.echo(f"note: {remark}", err=True)
    settings = metrics["settings"]
    flow, names = members[0].model.flow, [*dict(members[0].module.named_parameters())]
    are_decayed = decayed(names)
    undecayed = [name for name, each in zip(names, are_decayed, strict=True) if not each]
    for line in (
        *cross_validation.in_words(metrics.get("cross_validation", {})),
        *baselines.in_words(
            metrics["baselines"],
            settings,
            len(members),
            takes_gaussians(flow),
            any(are_decayed),
            flow.context is not None and not any(".network." in name for name in undecayed),
        ),
        *judged.in_words(metrics["judged"]),
    ):
        click.echo(line, err=True)
    what = "validation loss" if training.batches.rows[1] else "loss"
    losses = [member.course.best for member in members]
    best = f"best {what} {losses[0]:.4f} nats per row"
    if len(losses) > 1:
        best = f"best {what} of {len(losses)} members {min(losses):.4f} to {max(losses):.4f}"
    if not training.course.history:
        best = "all that it learns was measured from the rows"
    click.echo(f"{best}; wrote {place.output}", err=True)
