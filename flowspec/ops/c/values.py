"""Where values stand: views of scratch memory and of tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.ops.tape.tape import BATCH, Shape

REAL, FLAG, INDEX, WORD = "real", "flag", "index", "word"
"""What a number is: of the float type of the data, a truth value, an index, or 64 bits."""

ARRAYS = {
    (REAL, True): "s",
    (REAL, False): "fixed_s",
    (FLAG, True): "flags",
    (FLAG, False): "fixed_flags",
    (WORD, True): "words",
    (WORD, False): "fixed_words",
}
"""The array of scratch memory of a kind, for values of each row and for those of all rows."""


@dataclass(eq=False)
class Buffer:
    """A piece of scratch memory.

    kind   REAL, FLAG (which holds indices too) or WORD
    rows   True if each element holds a number for each row of a tile
    size   in elements
    """

    kind: str
    rows: bool
    size: int
    number: int

    @property
    def array(self) -> str:
        return ARRAYS[self.kind, self.rows]


@dataclass(frozen=True)
class View:
    """Elements of a buffer or of a table.

    place     the buffer, or the name of the table
    offset    of the first element
    shape     without the batch
    strides   from one element to the next, along each axis
    rows      True if each element holds a number for each row
    moving    an expression that is added to the offset, of the step of a loop
    kind      as in `Buffer`, INDEX too
    """

    place: Buffer | str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    rows: bool
    kind: str
    moving: str = ""

    @property
    def is_contiguous(self) -> bool:
        return all(
            size == 1 or stride == expected
            for size, stride, expected in zip(
                self.shape, self.strides, contiguous(self.shape), strict=True
            )
        )

    def at(self, index: str) -> str:
        """The number at an index, an expression of the counters of loops."""
        parts = [part for part in (index, self.moving) if part not in ("", "0")]
        if isinstance(self.place, str):
            text = " + ".join([*parts, *([str(self.offset)] if self.offset or not parts else [])])
            return f"{self.place}[{text}]"
        text = " + ".join([f"@{self.place.number}+{self.offset}@", *parts])
        if not self.rows:
            return f"{self.place.array}[{text}]"
        return (
            f"{self.place.array}[({text}) * T + j]"
            if parts
            else f"{self.place.array}[{text} * T + j]"
        )

    def start(self) -> str:
        """The address of the first number."""
        text = self.moving
        if isinstance(self.place, str):
            return " + ".join([self.place, *([text] if text else []), str(self.offset)])
        first = f"@{self.place.number}+{self.offset}@" + (f" + {text}" if text else "")
        return f"{self.place.array} + ({first})" + (" * T" if self.rows else "")


def of_event(shape: Shape) -> tuple[tuple[int, ...], bool]:
    """The shape without the batch, and whether there is one."""
    if shape and shape[-1] is BATCH:
        return tuple(int(size or 0) for size in shape[:-1]), True
    if shape and shape[0] is BATCH:  # points, as they come into a graph
        return tuple(int(size or 0) for size in shape[1:]), True
    return tuple(int(size or 0) for size in shape), False


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of elements one after the other."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def aligned(view: View, rank: int, rows: bool) -> View:
    """The view with as many axes as an elementwise result has; that of 1 number for all rows is
    no axis of an event.
    """
    shape, strides = view.shape, view.strides
    if rows and not view.rows and shape:
        assert shape[-1] == 1, "a value of all rows has one number for them"
        shape, strides = shape[:-1], strides[:-1]
    missing = rank - len(shape)
    return replace(view, shape=(1,) * missing + shape, strides=(0,) * missing + strides)


def part(view: View, items: tuple[Any, ...]) -> View:
    """`x[items]`: whole numbers, forward slices and None."""
    offset, shape, strides, axis = view.offset, [], [], 0
    for item in items:
        if item is None:
            shape.append(1)
            strides.append(0)
            continue
        if axis == len(view.shape):  # the batch
            assert item == slice(None)
            continue
        size, stride = view.shape[axis], view.strides[axis]
        axis += 1
        chosen = range(size)[item]
        if isinstance(chosen, range):
            offset += stride * (chosen.start if len(chosen) else 0)
            shape.append(len(chosen))
            strides.append(stride * chosen.step)
        else:
            offset += stride * chosen
    rest = slice(axis, None)
    return replace(
        view,
        offset=offset,
        shape=(*shape, *view.shape[rest]),
        strides=(*strides, *view.strides[rest]),
    )


def rows_of(view: View, rows: tuple[int, ...]) -> View | None:
    """Chosen rows of the first axis, where they stand at even distances."""
    steps = set(np.diff(rows).tolist())
    if len(steps) > 1 or not rows:
        return None
    step = steps.pop() if steps else 1
    stride = view.strides[0]
    return replace(
        view,
        offset=view.offset + stride * rows[0],
        shape=(len(rows), *view.shape[1:]),
        strides=(stride * step, *view.strides[1:]),
    )


def unflattened(view: View, sizes: tuple[int, ...]) -> View:
    """The first axis as several."""
    inner = tuple(stride * view.strides[0] for stride in contiguous(sizes))
    return replace(view, shape=(*sizes, *view.shape[1:]), strides=(*inner, *view.strides[1:]))


def flattened(view: View) -> View | None:
    """The first two axes as one, where that is a stride."""
    (first, second, *rest), (outer, inner, *others) = view.shape, view.strides
    if first != 1 and second != 1 and outer != inner * second:
        return None
    stride = outer if second == 1 else inner
    return replace(view, shape=(first * second, *rest), strides=(stride, *others))


def exchanged(view: View, axes: tuple[int, int]) -> View:
    """Two axes, exchanged."""
    one, other = axes
    shape, strides = list(view.shape), list(view.strides)
    shape[one], shape[other] = shape[other], shape[one]
    strides[one], strides[other] = strides[other], strides[one]
    return replace(view, shape=tuple(shape), strides=tuple(strides))
