"""Simple densities beside a flow, on the rows that were held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowspec.train.gaussians import Points, log_density
from flowspec.train.held_out import HeldOut
from flowspec.transforms.learned.elementwise import REGRESSION

FEWEST = 10
"""Rows of which nothing can be said."""
COMPONENTS = {"gaussian": 1, "mixture": 10}
"""The simple densities: mixtures of at most so many Gaussians."""
HALF, MOST = 0.5, 0.8
"""Shares of a mixture of Gaussians that are advised, one after the other; of half and more the
ensemble is near the mixture, and what its flows score alone is no news.
"""

Scores = dict[str, float]


def baselines(parts: Sequence[HeldOut]) -> Scores:
    """Mean log-densities of rows held out, in nats a row: of the flow, of one Gaussian, and of a
    mixture of them, and the standard error of the flow's difference to the better one.

    Of a conditional flow the simple densities are of context and values together, divided by what
    they give the context. Of an ensemble each member is scored at the rows that it has held out
    itself. It is empty for few rows, for rows with weights, and where a row has no density.
    """
    known = sum(len(part.known) for part in parts)
    if min(known, sum(len(part.own) for part in parts)) < FEWEST or not all(map(_is_plain, parts)):
        return {}
    own = np.concatenate([part.own for part in parts])
    others = {name: _densities(parts, most) for name, most in COMPONENTS.items()}
    better = max(others.values(), key=np.mean)
    scores = {"flow": float(own.mean()), **{n: float(v.mean()) for n, v in others.items()}}
    scores["standard_error"] = float(np.std(own - better) / math.sqrt(len(own)))
    return scores if all(map(math.isfinite, scores.values())) else {}


def _densities(parts: Sequence[HeldOut], most: int) -> Points:
    return np.concatenate([log_density(part.known, part.new, most, part.given) for part in parts])


def _is_plain(part: HeldOut) -> bool:
    varies = bool((part.known.std(axis=0) > 0).all())
    return varies and part.weights is None and bool(np.isfinite(part.own).all())


def in_words(
    scores: Mapping[str, float],
    settings: Mapping[str, Any],
    members: int = 1,
    takes_gaussians: bool = True,
    has_networks: bool = True,
    lacks_line: bool = False,
) -> list[str]:
    """The scores in a line, and a remark where the flow is below a simple density.

    settings         of the training
    members          of the ensemble, which are scored one by one
    takes_gaussians  whether a mixture of Gaussians can stand beside the flow
    has_networks     whether the flow has what weight decay is for
    lacks_line       whether it is conditional, and no step starts at its line on the context
    """
    if not scores:
        return []
    flow, one, mixture = (scores[name] for name in ("flow", "gaussian", "mixture"))
    by = ", by the members that did not see them" if members > 1 else ""
    lines = [
        f"rows held out{by}: {flow:.3f} nats a row; one Gaussian {one:.3f}, a mixture {mixture:.3f}"
    ]
    behind, error = max(one, mixture) - flow, scores["standard_error"]
    if behind > error and settings["gaussians"] < HALF:
        what = "the flow is" if members == 1 else "the members are"
        options = _options(settings, members, takes_gaussians)
        if has_networks and not settings["weight_decay"]:
            options.append("--optimizer adamw --weight-decay 1")
        advice = [f"`{' '.join(options)}`"] if options else []
        if lacks_line:
            advice.append(f"`{REGRESSION}` in the flow, before `Standardize`")
        lines.append(
            f"note: {what} {behind:.2f} +- {error:.2f} nats a row below a simple density"
            + (f"; try {', or '.join(advice)}" if advice else "")
        )
    return lines


def _options(settings: Mapping[str, Any], members: int, takes_gaussians: bool) -> list[str]:
    """What may bring a flow above simple densities."""
    options = [] if members > 1 else ["--ensemble 5"]
    if takes_gaussians:
        options.append(f"--gaussians {MOST if settings['gaussians'] else HALF}")
    return options
