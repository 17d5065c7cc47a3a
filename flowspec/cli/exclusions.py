"""Options of a training that exclude each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

TOGETHER = (
    ("resume", ("restart",), "--resume and --restart exclude each other"),
    ("held_out", ("validation",), "--held-out and --validation exclude each other"),
    (
        "folds",
        ("held_out", "validation"),
        "--folds hold out rows: leave --held-out and --validation out",
    ),
    ("folds", ("ensemble",), "--folds are the members: leave --ensemble out"),
    ("tune", ("start_from",), "--tune and --start-from exclude each other"),
    ("tune", ("devices",), "a search is done on one device: leave --devices out"),
    ("budget", ("tune", "epochs"), "--budget chooses the epochs: leave --epochs and --tune out"),
    ("budget", ("devices",), "--budget is for one device: leave --devices out"),
)
"""Options, those that do not go with each of them, and what is told."""


def refuse_together(given: Mapping[str, Any]) -> None:
    """Refuse options that exclude each other, of which `given` holds the values."""
    for option, others, words in TOGETHER:
        if given[option] and any(given[other] for other in others):
            raise click.UsageError(words)
    if given["remeasure"] and not given["start_from"]:
        raise click.UsageError("--remeasure is for trainings that --start-from a bundle")
