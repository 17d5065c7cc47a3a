"""Checkpoints of a training: written as a whole, read without unpickling code."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from flowspec.data.files import write_file
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

FORMAT = 4


@mistake
class UnreadableCheckpoint(Diagnostic):
    message = "cannot go on from {path}: {reason}"
    help = "begin anew (`--restart`)"
    path: str
    reason: str


@mistake
class StoppedBefore(Diagnostic):
    message = "a training that was stopped in epoch {epoch} is kept in {path}"
    help = "add `--resume` to go on with it, or `--restart` to begin anew"
    path: str
    epoch: int


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state: the new one or the one before is there, never half of one."""
    stream = io.BytesIO()
    torch.save({"format": FORMAT, **state}, stream)
    write_file(path, stream.getvalue())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in a file.

    Errors:  FlowError, where the file is no checkpoint, or cannot be read.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise _unreadable(path, (error.strerror or str(error)).lower()) from None
    except Exception:  # torch raises any of many for a damaged file
        raise _unreadable(path, "it is no checkpoint, or damaged") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _unreadable(path, "it was written by another version of FlowSpec")
    return state


def _unreadable(path: Path, reason: str) -> FlowError:
    return FlowError(UnreadableCheckpoint(path=str(path), reason=reason))


class Keeper:
    """The file in which a training is kept.

    resume     go on with what is kept
    interval   seconds between two versions
    stop       asked after every step: True ends the training
    """

    def __init__(
        self,
        path: Path,
        resume: bool = False,
        interval: float = 60.0,
        stop: Callable[[], bool] = lambda: False,
    ):
        self.path = path
        self.resume = resume
        self.interval = interval
        self.stop = stop
        self._last = time.monotonic()

    def of_member(self, index: int) -> Keeper:
        """The keeper of a member of an ensemble, beside that of the first."""
        if not index:
            return self
        path = self.path.with_name(f"{self.path.stem}_{index}{self.path.suffix}")
        return Keeper(path, self.resume, self.interval, self.stop)

    def kept_state(self) -> dict[str, Any] | None:
        """The state to go on from; None to begin.

        Errors:  FlowError, where there is one and `resume` is not set, or it cannot be read.
        """
        if not self.path.exists():
            return None
        state = read_checkpoint(self.path)
        if not self.resume:
            raise FlowError(StoppedBefore(path=str(self.path), epoch=state["epoch"]))
        return state

    def is_due(self) -> bool:
        """True if it is time to write."""
        return time.monotonic() - self._last >= self.interval

    def write(self, state: dict[str, Any]) -> None:
        """Keep a state."""
        write_checkpoint(self.path, state)
        self._last = time.monotonic()
