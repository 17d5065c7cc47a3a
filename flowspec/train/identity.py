"""Flow, data and settings of a training: those that it must share with the one it goes on with."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.settings import Settings
from flowspec.model.model import Model
from flowspec.train.engine import Engine

CHANGEABLE = ("epochs", "steps", "patience", "learning_rate", "clip", "threads")
"""Settings that a training may go on with in other values than it began."""


@mistake
class OtherTraining(Diagnostic):
    message = "the training kept in {path} is of {other}"
    help = "go on with the same flow, data and settings, or begin anew (`--restart`)"
    path: str
    other: str


def identity(model: Model, fingerprint: str, remeasure: bool = False) -> dict[str, str]:
    """Hashes of the flow with the weights it starts from, and of the data."""
    flow = json.dumps({**model.flow.to_json(), "train": None}, sort_keys=True)
    weights = [value.tobytes() for _, value in sorted(model.complete_weights.items())]
    anew = b"remeasure" if remeasure else b""
    hashed = hashlib.sha256(flow.encode() + b"".join(weights) + anew).hexdigest()
    return {"flow": hashed, "data": fingerprint}


def plain_settings(settings: Settings, engine: Engine) -> dict[str, Any]:
    """All settings as plain data."""
    named = {**dataclasses.asdict(settings), **dataclasses.asdict(engine)}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in named.items()
    }


def check_same(
    state: dict[str, Any], ours: dict[str, str], settings: dict[str, Any], path: Path
) -> None:
    """Raise a `FlowError` where a checkpoint is one of another training."""
    for name, value in ours.items():
        if state[name] != value:
            other = "another flow" if name == "flow" else "other data"
            raise FlowError(OtherTraining(path=str(path), other=other))
    for name, value in settings.items():
        if name not in CHANGEABLE and (before := state["settings"].get(name)) != value:
            other = f"another {name.replace('_', ' ')}: {before}, not {value}"
            raise FlowError(OtherTraining(path=str(path), other=other))
