"""The values that a search tries: around those that the text has, which are among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from flowspec.diagnostics.source import Source
from flowspec.ir.settings import Settings
from flowspec.language import syntax
from flowspec.language.checker import check
from flowspec.language.parser import parse_text
from flowspec.language.rewriting import architecture, arguments, rewritten

FACTORS = (0.25, 0.5, 1, 2)
"""Widths of networks, beside those that are written."""
COUNTS = (0.5, 1, 2)
"""The same for the parts of a step: bins of a spline, and the like."""
DECAYS = (0.0, 0.1, 1.0)
PARTS = ("bins", "components", "degree", "polynomials", "signals")

Values = Mapping[str, Any]
"""Values by name, as a search has them: numbers, or words."""


@dataclass(frozen=True)
class Choice:
    """Something that a search chooses.

    is_setting    True for a setting of the training, False for a parameter of the architecture
    distribution  of the values that are tried
    written       the value that the text has
    """

    name: str
    is_setting: bool
    distribution: BaseDistribution
    written: Any

    @property
    def in_words(self) -> str:
        """The values in a line: `transforms 1 to 6`."""
        kind = self.distribution
        if isinstance(kind, CategoricalDistribution):
            return f"{self.name} {' or '.join(map(str, kind.choices))}"
        assert isinstance(kind, FloatDistribution | IntDistribution)
        return f"{self.name} {kind.low:g} to {kind.high:g}"


def choices(source: Source, settings: Settings, fixed: Collection[str], rows: int) -> list[Choice]:
    """What a search over a text can choose.

    settings  those that the text would be trained with
    fixed     names of settings that stay as they are
    rows      of the training: no larger batch is tried
    """
    of_flow = [c for c in _of_architecture(source) if _matters(source, c)]
    return [*of_flow, *(c for c in _of_training(settings, rows) if c.name not in fixed)]


def text_of(source: Source, choices: Sequence[Choice], values: Values) -> str:
    """The text with the values of a search in it."""
    words = {c.name: _word(values[c.name]) for c in choices if not c.is_setting}
    settings = {c.name: _word(values[c.name]) for c in choices if c.is_setting}
    if values.get("weight_decay"):
        settings["optimizer"] = '"adamw"'
    return rewritten(source, words, settings)


def _of_architecture(source: Source) -> Iterator[Choice]:
    """Choices of parameters whose values are written as numbers."""
    call = architecture(parse_text(source))
    stands = arguments(call) if call else {}
    for name, node in stands.items():
        value = _number(node)
        if name == "transforms" and value:
            yield Choice(name, False, IntDistribution(1, 2 * value), value)
        if name in PARTS and value:
            counts = sorted({max(2, round(factor * value)) for factor in COUNTS} | {value})
            yield Choice(name, False, CategoricalDistribution(counts), value)
        if name == "hidden" and isinstance(node, syntax.Vector):
            yield from _of_widths(name, list(map(_number, node.items)))


def _of_widths(name: str, widths: Sequence[int | None]) -> Iterator[Choice]:
    numbers = [width for width in widths if width]
    if not numbers or len(numbers) < len(widths):
        return
    vectors = {tuple(max(2, round(f * width)) for width in numbers) for f in FACTORS}
    words = [_vector(vector) for vector in sorted(vectors | {tuple(numbers)})]
    yield Choice(name, False, CategoricalDistribution(words), _vector(numbers))


def _of_training(settings: Settings, rows: int) -> Iterator[Choice]:
    rate, size = settings.learning_rate, settings.batch_size
    yield Choice("learning_rate", True, FloatDistribution(rate / 10, rate * 3, log=True), rate)
    decays = sorted({*DECAYS, settings.weight_decay})
    yield Choice("weight_decay", True, CategoricalDistribution(decays), settings.weight_decay)
    sizes = sorted({s for s in (max(1, size // 4), 4 * size) if s < rows} | {size})
    if len(sizes) > 1:
        yield Choice("batch_size", True, CategoricalDistribution(sizes), size)


def _matters(source: Source, choice: Choice) -> bool:
    """True if another value gives other numbers to learn: networks of a `GMM` need a context."""
    written = text_of(source, [choice], {choice.name: choice.written})
    kind = choice.distribution
    others = kind.choices if isinstance(kind, CategoricalDistribution) else (2 * choice.written,)
    other = next(value for value in others if value != choice.written)
    changed = text_of(source, [choice], {choice.name: other})
    return _shapes(written) != _shapes(changed)


def _shapes(text: str) -> dict[str, tuple[int, ...]]:
    """The shapes of all that the flow of a text learns, by path."""
    learned = check(Source(text)).learned()
    return {path: np.shape(value.init) for path, value in learned.items()}


def _number(node: syntax.Node) -> int | None:
    whole = isinstance(node, syntax.Number) and node.value == int(node.value) > 0
    return int(node.value) if whole and isinstance(node, syntax.Number) else None


def _vector(widths: Sequence[int]) -> str:
    return f"[{', '.join(map(str, widths))}]"


def _word(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
