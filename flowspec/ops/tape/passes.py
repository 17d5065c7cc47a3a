"""Tapes made shorter: the same numbers from fewer entries.

A rule looks at one entry, whose operands have been through the rules already, and gives
what stands in its place: the entry itself, one of its operands, a new entry, or a
constant. `simplified` goes through a tape once with all of them; on the way, what was
recorded twice becomes one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowspec.ops.numpy import REFERENCE
from flowspec.ops.tape.replay import replay
from flowspec.ops.tape.tape import BATCH, Entry, Tape, entries_in

Rule = Callable[[Entry], Any]


def simplified(tape: Tape) -> Tape:
    """All passes: trivial algebra, constants, what was recorded twice, what nothing uses."""
    return without_dead_code(_Rewriting((trivial, folded)).tape(tape, {}))


class _Rewriting:
    """Rules, and what has become of the entries of a tape and of the bodies of its loops."""

    def __init__(self, rules: tuple[Rule, ...]):
        self._rules = rules
        self._became: dict[Entry, Any] = {}
        self._placed: set[Entry] = set()

    def tape(self, tape: Tape, known: dict[Any, Entry]) -> Tape:
        """The tape after the rules. `known`: what is computed already, by what it is."""
        result = tape.like()
        self._placed.update(tape.inputs.values())
        for entry in tape.entries:
            operands = tuple([self._operand(x, known) for x in entry.operands])
            new: Any = Entry(entry.op, operands, entry.shape, entry.dtype, entry.scope)
            for rule in self._rules:
                new = rule(new) if new.__class__ is Entry else new
            if new.__class__ is Entry and new not in self._placed:
                same = known.setdefault(_key(new), new)
                if same is new:
                    result.entries.append(new)
                    self._placed.add(new)
                new = same
            self._became[entry] = new
        result.outputs = {name: self._operand(x, known) for name, x in tape.outputs.items()}
        return result

    def _operand(self, x: Any, known: dict[Any, Entry]) -> Any:
        if x.__class__ is Entry:
            return self._became.get(x, x)
        if x.__class__ is tuple:
            return tuple([self._operand(item, known) for item in x])
        # What the body of a loop computes is not there outside of it.
        return self.tape(x, dict(known)) if x.__class__ is Tape else x


def _key(entry: Entry) -> tuple[Any, ...]:
    """Entries with the same key compute the same."""
    return (entry.op, *map(_operand_key, entry.operands))


def _operand_key(x: Any) -> Any:
    if isinstance(x, Entry):
        return x
    if isinstance(x, tuple):
        return tuple(map(_operand_key, x))
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    if isinstance(x, np.ndarray | np.generic):
        return (x.dtype.str, x.shape, x.tobytes())
    if isinstance(x, int | float):
        return ("number", x, math.copysign(1, x))  # 0.0 and -0.0 are equal, but not the same
    return x


# --- rules ----------------------------------------------------------------------------------------


def trivial(entry: Entry) -> Any:
    """Drop operations that change nothing; give signs and powers of two their shorter
    form.

    All digits stay.
    """
    rule = _TRIVIAL.get(entry.op)
    return rule(entry, *entry.operands) if rule else entry


def folded(entry: Entry) -> Any:
    """Work out operations whose operands have all become constants."""
    if (
        entry.op in ("input", "loop", "result", "states")
        or BATCH in entry.shape
        or any(entries_in(entry.operands))
    ):
        return entry
    alone = Tape(entry.dtype)
    alone.entries, alone.outputs = [entry], {"": entry}
    return replay(alone, REFERENCE, {})[""]


def _is(x: Any, number: float) -> bool:
    return isinstance(x, int | float) and x == number


def _negated(x: Any) -> Any:
    """The value whose negative x is, if it was recorded so."""
    return x.operands[0] if isinstance(x, Entry) and x.op == "negative" else None


def _as(entry: Entry, op: str, *operands: Any) -> Entry:
    """Another operation with the same result."""
    return Entry(op, operands, entry.shape, entry.dtype, entry.scope)


def _if_same(entry: Entry, x: Any) -> Any:
    """x, where it has the shape of the entry whose place it takes."""
    return x if isinstance(x, Entry) and x.shape == entry.shape else entry


def _negative(entry: Entry, x: Any) -> Any:
    inner = _negated(x)
    return entry if inner is None else inner


def _sum_of_two(entry: Entry, a: Any, b: Any) -> Any:
    if _is(b, 0):
        return a
    if (inner := _negated(b)) is not None:
        return _as(entry, "subtract", a, inner)
    if (inner := _negated(a)) is not None:
        return _as(entry, "subtract", b, inner)
    return entry


def _difference(entry: Entry, a: Any, b: Any) -> Any:
    if _is(b, 0):
        return a
    if _is(a, 0):
        return _negative(_as(entry, "negative", b), b)
    if (inner := _negated(b)) is not None:
        return _as(entry, "add", *((a, inner) if isinstance(a, Entry) else (inner, a)))
    return entry


def _product(entry: Entry, a: Any, b: Any) -> Any:
    if _is(b, 1):
        return a
    return _negative(_as(entry, "negative", a), a) if _is(b, -1) else entry


def _quotient(entry: Entry, a: Any, b: Any) -> Any:
    # Half the time of a division, and the same digits; other reciprocals are not exact.
    if isinstance(b, int | float) and _has_exact_reciprocal(b):
        return _product(_as(entry, "multiply", a, 1 / b), a, 1 / b)
    return entry


def _has_exact_reciprocal(number: float) -> bool:
    """True for a power of two whose reciprocal is one of float32 too."""
    return math.frexp(abs(number))[0] == 0.5 and 2.0**-126 <= abs(number) <= 2.0**126


def _of_one_row(entry: Entry, x: Any) -> Any:
    return _as(entry, "getitem", x, (0,)) if x.shape[0] == 1 else entry


def _part(entry: Entry, x: Any, items: tuple[Any, ...]) -> Any:
    whole = all(isinstance(item, slice) and item.step in (None, 1) for item in items)
    return _if_same(entry, x) if whole else entry


def _rows(entry: Entry, x: Any, rows: tuple[int, ...]) -> Any:
    return x if rows == tuple(range(x.shape[0])) else entry


_TRIVIAL: dict[str, Callable[..., Any]] = {
    "negative": _negative,
    "add": _sum_of_two,
    "subtract": _difference,
    "multiply": _product,
    "divide": _quotient,
    "sum": _of_one_row,
    "any": _of_one_row,
    "getitem": _part,
    "take": _rows,
    "cast": lambda entry, x, dtype: x if x.dtype == dtype else entry,
    "with_batch": lambda entry, x, like: _if_same(entry, x),
}


# --- dead code ------------------------------------------------------------------------------------


def without_dead_code(tape: Tape) -> Tape:
    """The tape without entries that no output needs."""
    return _living(tape, set())


def _living(tape: Tape, needed: set[Entry]) -> Tape:
    """`needed` grows by what the tape needs, also of the tapes around it."""
    living = tape.like()
    living.outputs = tape.outputs
    needed.update(entries_in(tuple(tape.outputs.values())))
    for entry in reversed(tape.entries):
        if entry not in needed:
            continue
        operands = tuple([_living(x, needed) if isinstance(x, Tape) else x for x in entry.operands])
        needed.update(entries_in(operands))
        if entry.op == "loop":
            entry.operands = operands
        living.entries.append(entry)
    living.entries.reverse()
    return living
