"""The hyper-parameters of a training, each declared once: for Python, the command line and the checks."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from flowspec.diagnostics import FlowError
from flowspec.runtime.inputs import WrongInput


@dataclass(frozen=True)
class Range:
    """What a hyper-parameter may be: numbers from `low` to `high` (`above`: not `low` itself), or one of some words."""

    doc: str
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    choices: tuple[str, ...] = ()
    words: str = ""
    hint: str = ""

    def __contains__(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        return self.low <= value <= self.high and math.isfinite(value) and not (self.above and value == self.low)

    @property
    def advice(self) -> str:
        """What to write instead."""
        if self.hint:
            return self.hint
        if self.choices:
            return f"choose {', '.join(self.choices)}"
        lowest = f"{'more than' if self.above else 'at least'} {self.low:g}"
        return f"give a number of {lowest}" + (f" and at most {self.high:g}" if math.isfinite(self.high) else "")


def _setting(default: Any, doc: str, **limits: Any) -> Any:
    return dataclasses.field(default=default, metadata={"range": Range(doc, **limits)})


@dataclass(frozen=True)
class Settings:
    """How a flow is trained.

    Errors:  FlowError, which names every value that cannot be.
    """

    epochs: int = _setting(200, "Passes over the data, at most.", low=1)
    batch_size: int = _setting(256, "Rows of one step.", low=1)
    optimizer: str = _setting("adam", "What takes the steps.", choices=("adam", "adamw"))
    learning_rate: float = _setting(1e-2, "Length of the first steps.", low=0, above=True)
    weight_decay: float = _setting(0.0, "Pull of all weights towards 0.", low=0)
    schedule: str = _setting("cosine", "How the learning rate goes on.", choices=("cosine", "constant"))
    clip: float = _setting(10.0, "Largest norm of a gradient; longer ones are shortened.", low=0, above=True)
    validation: float = _setting(0.1, "Share of rows held out.", low=0, high=0.9, words="share held out")
    patience: int = _setting(30, "Epochs to wait for a better validation loss.", low=1)
    seed: int = _setting(0, "Of everything random.", low=-(2**63), high=2**63 - 1, hint="give one that fits into 64 bits")

    def __post_init__(self):
        problems = [
            WrongInput(what=f"the {limits.words or name.replace('_', ' ')} is {getattr(self, name)}", advice=limits.advice)
            for name, limits in ranges().items()
            if getattr(self, name) not in limits
        ]
        if problems:
            raise FlowError(problems)

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, which are counted from 1. A cosine ends at a hundredth."""
        if self.schedule == "constant":
            return self.learning_rate
        turn = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.epochs))
        return self.learning_rate * (0.01 + 0.99 * turn)


def ranges() -> dict[str, Range]:
    """Every hyper-parameter and what it may be."""
    return {field.name: field.metadata["range"] for field in dataclasses.fields(Settings)}
