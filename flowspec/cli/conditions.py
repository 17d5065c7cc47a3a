"""Columns with given values, as options have them: `--given "a=1,b=2"`."""

from __future__ import annotations

from collections.abc import Sequence

import click
import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import suggest

OPTION = click.option(
    "--given",
    multiple=True,
    metavar="COLUMN=NUMBER",
    help="Draw the other columns for these values; several with commas, or repeat it.",
)


def values_of(
    texts: Sequence[str], columns: Sequence[str], whole: Sequence[str] = ()
) -> NDArray[np.float64]:
    """The values (D,) of columns, NaN where none is given.

    whole    columns of whole numbers

    Errors:  click's, where a text is something else, or nothing is left to draw.
    """
    values = np.full(len(columns), np.nan)
    for part in (part for text in texts for part in text.split(",")):
        name, equals, number = part.rpartition("=")
        if not equals or not _is_finite(number):
            raise _wrong(f"{part!r} is no column with a number; write `a=1,b=2`")
        if name.strip() not in columns:
            near = suggest(name.strip(), columns)
            advice = f"did you mean `{near}`?" if near else f"it has {', '.join(columns)}"
            raise _wrong(f"the flow has no column `{name.strip()}`; {advice}")
        place = columns.index(name.strip())
        if not np.isnan(values[place]):
            raise _wrong(f"`{name.strip()}` is given twice; give each column one value")
        values[place] = float(number)
        if columns[place] in whole and values[place] % 1:
            raise _wrong(f"`{columns[place]}` has whole numbers, and {number} is none")
    if not np.isnan(values).any():
        raise _wrong("nothing is left to draw; leave a column out")
    return values


def _is_finite(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _wrong(words: str) -> click.BadParameter:
    return click.BadParameter(words, param_hint="--given")
