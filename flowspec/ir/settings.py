"""The hyper-parameters of a training, each declared once.

`train { ... }`, Python, the command line and the schema have them from here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowspec.diagnostics.collector import raise_any
from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.source import Span


@mistake
class WrongSetting(Diagnostic):
    message = "the {setting} is {value}"
    help = "{advice}"
    setting: str
    value: str
    advice: str


@record
class Range(Record):
    """The values of a hyper-parameter: numbers, or one of some words.

    low, high   the ends of the numbers; `above`: not `low` itself
    kind    int, float, str, or tuple (names of columns)
    words   what messages call it, if that is not its name
    hint    what to write instead, if the limits do not say it well
    """

    kind: type
    doc: str
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    choices: tuple[str, ...] = ()
    words: str = ""
    hint: str = ""

    def __contains__(self, value: Any) -> bool:
        if self.kind is tuple:
            return isinstance(value, tuple) and all(isinstance(name, str) for name in value)
        if self.kind is str:
            return value in self.choices
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return False
        whole = self.kind is not int or value == int(value)
        return whole and self.low <= value <= self.high and not (self.above and value == self.low)

    @property
    def advice(self) -> str:
        """The help text: values to write instead."""
        if self.hint:
            return self.hint
        if self.choices:
            return "choose " + " or ".join(f'"{choice}"' for choice in self.choices)
        kind = "whole number" if self.kind is int else "number"
        lowest = f"{'above' if self.above else 'from'} {self.low:g}"
        return f"give a {kind} {lowest}" + (
            f" to {self.high:g}" if math.isfinite(self.high) else " on" if not self.above else ""
        )


def _setting(default: Any, doc: str, **limits: Any) -> Any:
    return dataclasses.field(
        default=default, metadata={"range": Range(type(default), doc, **limits)}
    )


@dataclass(frozen=True)
class Settings:
    """The hyper-parameters of one training.

    Errors:  FlowError, which names every value that cannot be.
    """

    epochs: int = _setting(200, "Passes over the data, at most.", low=1, words="number of epochs")
    steps: int = _setting(
        1000,
        "Steps at least, where `epochs` is left out: a small table has few in an epoch.",
        low=0,
    )
    batch_size: int = _setting(256, "Rows of one step.", low=1)
    optimizer: str = _setting("adam", "What takes the steps.", choices=("adam", "adamw"))
    learning_rate: float = _setting(1e-2, "Length of the first steps.", low=0, above=True)
    weight_decay: float = _setting(0.0, "Pull of the weights of networks towards 0.", low=0)
    ema: float = _setting(
        0.0,
        "Decay of the mean of the weights over the steps, which is kept in their place; 0: none.",
        low=0,
        high=0.99999,
        words="decay of the mean (ema)",
    )
    dropout: float = _setting(
        0.0,
        "Share of the units of hidden layers that each row leaves out in each step.",
        low=0,
        high=0.9,
        words="share that is left out (dropout)",
    )
    schedule: str = _setting(
        "cosine", "How the learning rate goes on.", choices=("cosine", "constant")
    )
    clip: float = _setting(
        10.0, "Largest norm of a gradient; longer ones are shortened.", low=0, above=True
    )
    validation: float = _setting(
        0.1, "Share of rows held out.", low=0, high=0.9, words="share held out"
    )
    patience: int = _setting(30, "Epochs to wait for a better validation loss.", low=1)
    ensemble: int = _setting(
        1, "Trainings with seeds of their own, whose flows are mixed.", low=1, high=100
    )
    folds: int = _setting(
        1,
        "Parts of the rows, each held out once by a training: they are the ensemble.",
        low=1,
        high=100,
        words="number of folds",
    )
    gaussians: float = _setting(
        0.0, "Share of a mixture of Gaussians in the ensemble.", low=0, high=0.99
    )
    seed: int = _setting(
        0,
        "Of everything random.",
        low=-(2**63),
        high=2**63 - 1,
        hint="give one that fits into 64 bits",
    )
    dequantize: tuple[str, ...] = _setting(
        (),
        "A column of whole numbers: in training k stands for all of [k, k + 1).",
        hint="give the names of columns",
    )

    def __post_init__(self) -> None:
        if isinstance(self.dequantize, str | list):
            names = [self.dequantize] if isinstance(self.dequantize, str) else self.dequantize
            object.__setattr__(self, "dequantize", tuple(names))
        found = (mistake_of(name, getattr(self, name)) for name in ranges())
        raise_any(mistake for mistake in found if mistake)

    @property
    def members(self) -> int:
        """How many trainings there are."""
        return self.folds if self.folds > 1 else self.ensemble

    @property
    def is_mixed(self) -> bool:
        """True if several densities are mixed."""
        return self.members > 1 or self.gaussians > 0

    def over(self, batches: int | None) -> Settings:
        """The settings for epochs of so many batches: enough epochs, and in proportion patience."""
        defaults = type(self)()
        if not batches or self.epochs != defaults.epochs or self.epochs * batches >= self.steps:
            return self
        epochs = -(-self.steps // batches)
        is_default = self.patience == defaults.patience
        patience = self.patience * epochs // self.epochs if is_default else self.patience
        return dataclasses.replace(self, epochs=epochs, patience=patience)

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, which are counted from 1.

        A cosine ends at a hundredth.
        """
        if self.schedule == "constant":
            return self.learning_rate
        turn = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.epochs))
        return self.learning_rate * (0.01 + 0.99 * turn)


_RANGES = {field.name: field.metadata["range"] for field in dataclasses.fields(Settings)}


def ranges() -> Mapping[str, Range]:
    """Every hyper-parameter and what it may be."""
    return _RANGES


def mistake_of(name: str, value: Any, span: Span | None = None) -> Diagnostic | None:
    """The mistake of a value that a hyper-parameter cannot have."""
    limits = ranges()[name]
    if value in limits:
        return None
    words = limits.words or name.replace("_", " ")
    shown = (
        f'"{value}"'
        if isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
    return WrongSetting(span=span, setting=words, value=shown, advice=limits.advice)
