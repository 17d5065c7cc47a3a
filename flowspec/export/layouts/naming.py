"""The names of models: those of one bundle stand beside those of others in a server."""

from __future__ import annotations

import re

from flowspec.runtime.bundle import Bundle


def model_name(bundle: Bundle, graph: str) -> str:
    """The name of the model of a graph: `two_moons_log_prob`."""
    return re.sub(r"[^\w.-]", "_", f"{bundle.path.resolve().name}_{graph}", flags=re.A)
