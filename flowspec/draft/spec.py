"""The text of a spec for a table."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.data.tables.table import Table
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.source import Source
from flowspec.draft.facts import Column, columns_of
from flowspec.draft.supports import Guess, conditioned, guess, learned
from flowspec.draft.ties import dependent, simplex
from flowspec.language.layout.formatting import formatted
from flowspec.parts.writing import name_written
from flowspec.transforms.learned.elementwise import REGRESSION


@mistake
class NothingToDraft(Diagnostic):
    message = "{name} has no column of numbers that vary"
    help = "a density is of numbers: give a table that has some"
    name: str


@mistake
class NoSuchTarget(Diagnostic):
    message = "there is no column of numbers that vary called `{target}` in {name}"
    help = "{advice}"
    target: str
    name: str
    advice: str


@dataclass(frozen=True)
class Size:
    """A network and a training for so many rows."""

    transforms: int
    hidden: str
    settings: tuple[str, ...]


FEW = (
    'optimizer = "adamw"', "weight_decay = 1", "learning_rate = 3e-3", "batch_size = 64",
    "validation = 0.2", "patience = 60", "ensemble = 5",
)  # fmt: skip
"""Settings where a network sees few rows."""
SIZES = {
    300: Size(2, "[32, 32]", (*FEW, "gaussians = 0.7")),
    1_000: Size(2, "[32, 32]", (*FEW, "gaussians = 0.5")),
    5_000: Size(
        3, "[64, 64]",
        ("learning_rate = 3e-3", "batch_size = 256", "ensemble = 3", "gaussians = 0.2"),
    ),
    20_000: Size(3, "[64, 64]", ("learning_rate = 3e-3", "batch_size = 256")),
    200_000: Size(4, "[64, 64]", ("learning_rate = 2e-3", "batch_size = 1024", "epochs = 60")),
}  # fmt: skip
WIDE = 8
"""Half the width of splines where tails are kept: where a spline ends it is the identity, which
brings those of 1 in 10,000 rows (3.7 deviations) nearer to normal numbers than they are.
"""
ENOUGH_ROWS = 1_000
"""Rows from which on the line on the context is written: of 142 rows with ten columns of context a
flow ends 0.24 nats a row lower with it, of 270 with two 0.11. Of more, splines whose networks are
given ten columns alone overfit before they have found it. It is for several columns, as the small
network of one finds the line (0.03 nats a row higher without).
"""
LINE = f"# `{REGRESSION}` starts at the line on the context by least squares."
WIDTH = 96
"""Characters of a comment."""

LARGEST = Size(5, "[128, 128]", ("learning_rate = 1e-3", "batch_size = 4096", "epochs = 30"))
"""By rows: up to so many, the size; of more rows, the largest."""


def spec(table: Table, targets: Sequence[str] = ()) -> str:
    """A commented spec for a table: of the density of its columns, or of targets given the others.

    Errors:  FlowError, where the table has no numbers that vary, or no such target.
    """
    columns, texts = columns_of(table)
    varied = [column for column in columns if not column.is_constant and column.name]
    if not varied:
        raise FlowError(NothingToDraft(name=table.name))
    _check(table.name, targets, columns, texts)
    tied = [] if targets else _tied(table, varied)
    event = [
        column
        for column in varied
        if column.name not in tied and (not targets or column.name in targets)
    ]
    context = [column for column in varied if targets and column not in event]
    lines = _head(table, columns, texts, tied)
    event, shares = _with_shares(table, event)
    given = {column.name: conditioned(column) for column in context}
    wanted = {c.name: guess(c) if c.name in shares else learned(c) for c in event}
    for column in [*context, *event]:
        found = (given | wanted)[column.name]
        if column.name in shares:
            found = Guess("simplex", (f"adds up to 1 with {_others(column.name, shares)}",))
        lines += ["#", *_reasons(column, found)]
    lines.append("")
    if context:
        lines.append(f"context {_declared(given)}")
    lines += [f"event {_declared(wanted, shares)}", ""]
    lines += _flow(table.rows, event, wanted, bool(context), shares)
    return formatted(Source("\n".join(lines) + "\n"))


def _head(
    table: Table, columns: Sequence[Column], texts: Sequence[str], tied: Sequence[str]
) -> list[str]:
    """What is said of the table as a whole, and of the columns that are left out."""
    lines = [
        f"# A first spec for {table.name}: {amount(table.rows, 'row')}. "
        "Every guess says what it rests on."
    ]
    lines += [f"# Left out: `{name}` holds no numbers." for name in texts]
    lines += ["# Left out: a column without a name." for column in columns if not column.name]
    lines += [
        f"# Left out: `{column.name}` is {column.numbers[0]:g} in all rows."
        if len(column.numbers)
        else f"# Left out: `{column.name}` has no number."
        for column in columns
        if column.is_constant and column.name
    ]
    lines += [
        f"# Left out: `{name}` follows from the columns before it, exactly: no density has that."
        for name in tied
    ]
    if repeated := _repeated(table, columns):
        lines.append(f"# Rows that are like an earlier one: {repeated}.")
    return lines


def _check(
    name: str, targets: Sequence[str], columns: Sequence[Column], texts: Sequence[str]
) -> None:
    constant = {column.name for column in columns if column.is_constant}
    known = [c.name for c in columns if c.name and c.name not in constant]
    for target in targets:
        if target not in known:
            near = suggest(target, known)
            advice = f"did you mean `{near}`?" if near else f"it has {', '.join(known)}"
            if target in constant:
                advice = f"`{target}` is the same in all rows; {advice}"
            elif target in texts:
                advice = f"`{target}` holds no numbers; {advice}"
            raise FlowError(NoSuchTarget(target=target, name=name, advice=advice))


def _complete(table: Table, columns: Sequence[Column]) -> np.ndarray:
    """The rows that have all of these columns."""
    numbers = table.numbers([column.name for column in columns])
    return numbers[np.isfinite(numbers).all(axis=1)]


def _tied(table: Table, columns: Sequence[Column]) -> list[str]:
    """The columns that follow from those before them, but for shares that add up to 1."""
    rows = _complete(table, columns)
    names = [column.name for column in columns]
    shares = _shares(table, columns)
    return [name for name in dependent(names, rows) if name not in shares]


def _shares(table: Table, columns: Sequence[Column]) -> tuple[str, ...]:
    """Columns that add up to 1 in every row."""
    candidates = [column for column in columns if column.low > 0 and column.high < 1]
    if len(candidates) < 3:
        return ()
    names = [column.name for column in candidates]
    return simplex(names, _complete(table, candidates))


def _with_shares(table: Table, event: list[Column]) -> tuple[list[Column], tuple[str, ...]]:
    """The columns with those that add up to 1 at the end, and their names."""
    shares = _shares(table, event)
    rest = [column for column in event if column.name not in shares]
    return [*rest, *(column for column in event if column.name in shares)], shares


def _repeated(table: Table, columns: Sequence[Column]) -> int:
    """Rows that are equal to an earlier one."""
    numbers = table.numbers([column.name for column in columns])
    return len(numbers) - len(np.unique(numbers, axis=0))


def _others(name: str, names: Sequence[str]) -> str:
    return ", ".join(other for other in names if other != name)


def _reasons(column: Column, found: Guess) -> list[str]:
    """What speaks for the support of a column, as comments."""
    text = [f"{column.name}, {found.support}: {found.reasons[0]}", *found.reasons[1:]]
    lines = []
    for reason in text:
        first, *rest = textwrap.wrap(reason, WIDTH)
        lines += [f"# {first}" if reason is text[0] else f"#   {first}"]
        lines += [f"#   {line}" for line in rest]
    return lines


def _declared(guesses: Mapping[str, Guess], shares: Sequence[str] = ()) -> str:
    parts = [
        f"{name_written(name)}: {each.support}"
        for name, each in guesses.items()
        if name not in shares
    ]
    if shares:
        parts.append(f"{', '.join(map(name_written, shares))}: simplex")
    return ", ".join(parts)


def _flow(
    rows: int,
    event: Sequence[Column],
    guesses: Mapping[str, Guess],
    is_conditional: bool,
    shares: Sequence[str],
) -> list[str]:
    size = next((size for most, size in SIZES.items() if rows <= most), LARGEST)
    whole = [c.name for c in event if c.is_whole and c.distinct < len(c.numbers) / 2]
    count = len(event) - bool(shares)  # a simplex has a coordinate less than shares
    numbers = count - sum(each.is_angle for each in guesses.values())
    has_line = is_conditional and count > 1 and rows >= ENOUGH_ROWS
    steps = _measured_steps(guesses, has_line, shares)
    is_simple = count == numbers > 1 and not is_conditional and bool(steps)
    settings = [each for each in size.settings if is_simple or not each.startswith("gaussians")]
    if whole:
        settings.append(f"dequantize = [{', '.join(map(name_written, whole))}]")
    lines = [
        f"# For {amount(rows, 'row')}.",
        *([LINE] if any(REGRESSION in step for step in steps) else []),
        "train {",
        *(f"  {each}" for each in settings),
        "}",
        "",
    ]
    if is_conditional and count == 1:
        first = 'NSF(event, bins=6, transforms=1, hidden=[16], activation="tanh")'
    else:
        wide = f", bound={WIDE}" if any(each.link for each in guesses.values()) else ""
        first = f"NSF(event, transforms={size.transforms}, hidden={size.hidden}{wide})"
    return [*lines, first, *steps, f"  |> Onto(event{_links(guesses)})"]


def _measured_steps(
    guesses: Mapping[str, Guess], has_line: bool, shares: Sequence[str]
) -> list[str]:
    """The steps that mix numbers, take their line on the context out, and bring them to the scale
    of the data.

    has_line   true to take the line out

    Columns whose edges and tails are kept stay out of them: they have the scale at which their
    tails come out right, and an edge is one of its own column alone.
    """
    kept = {name for name, each in guesses.items() if each.link or each.is_angle}
    plain = [*(name for name in guesses if name not in kept and name not in shares), *shares[:-1]]
    steps = [
        *(["LULinear"] if len(plain) > 1 else []),
        *([REGRESSION] if has_line and plain else []),
        "Standardize",
    ]
    is_mixed = has_line and any(each.is_angle for each in guesses.values())
    if not is_mixed and not any(each.link for each in guesses.values()):
        return [f"  |> {step}" for step in steps]
    names = ", ".join(map(name_written, plain))
    return [f"  |> on({names}) {{ {' |> '.join(steps)} }}"] if plain else []


def _links(guesses: Mapping[str, Guess]) -> str:
    """The options of `Onto`."""
    named = {
        link: ", ".join(name_written(name) for name, each in guesses.items() if each.link == link)
        for link in ("edges", "tails")
    }
    return "".join(f", {link}=[{names}]" for link, names in named.items() if names)
