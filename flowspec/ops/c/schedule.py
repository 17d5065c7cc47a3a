"""The order of statements: elementwise operations that can share a loop come together."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import Any

import numpy as np

from flowspec.ops.c import expressions as ex
from flowspec.ops.c.fusion import Loops
from flowspec.ops.c.memory import Statement, Turns
from flowspec.ops.c.places import Places
from flowspec.ops.c.values import FLAG, REAL, of_event, part
from flowspec.ops.tape.tape import Entry, Tape, entries_in, used_by
from flowspec.ops.vocabulary import Ops

LONGEST_GROUP = 150
"""Operations in one loop: beyond it compilers take long, and registers are full anyway."""


PARTS, ELEMENTS, OTHERS = range(3)
"""The order in which what is ready is taken: parts of values, loops over elements, the rest."""


def schedule(writer: Places, tape: Tape) -> list[Statement | Turns]:
    """The statements of a tape, or of the body of a loop, whose inputs stand somewhere."""
    return _Schedule(writer, tape).statements


class _Schedule:
    def __init__(self, writer: Places, tape: Tape):
        self.writer = writer
        self.statements: list[Statement | Turns] = []
        self.number = {entry: i for i, entry in enumerate(tape.entries)}
        self.users: dict[Entry, list[Entry]] = defaultdict(list)
        self.missing: dict[Entry, int] = {}
        self.outputs = set(entries_in(tuple(tape.outputs.values())))
        for entry in tape.entries:
            operands = set(_needs(entry)) & self.number.keys()
            self.missing[entry] = len(operands)
            for operand in operands:
                self.users[operand].append(entry)
        self.ready: list[tuple[int, int, Entry]] = []
        self.finished: set[Entry] = set()
        for entry in tape.entries:
            if not self.missing[entry]:
                self._push(entry)
        while self.ready:
            _, _, entry = heapq.heappop(self.ready)
            self._take(entry)

    def _push(self, entry: Entry) -> None:
        """What is part of another value comes first, then loops over elements, then the rest."""
        rank = ELEMENTS if entry.op in ex.ELEMENTWISE and not _is_table(entry) else OTHERS
        if entry.op in ("getitem", "unflatten", "flatten", "exchange", "transpose"):
            rank = PARTS
        heapq.heappush(self.ready, (rank, self.number[entry], entry))

    def _done(self, *entries: Entry) -> None:
        self.finished.update(entries)
        for entry in entries:
            for user in self.users[entry]:
                self.missing[user] -= 1
                if not self.missing[user] and user not in self.finished:
                    self._push(user)

    def _take(self, entry: Entry) -> None:
        if entry.op in ex.ELEMENTWISE and not _is_table(entry):
            self._done(*self._group(entry))
            return
        view = self.writer.as_view(entry)
        if view is not None:
            self.writer.places[entry] = view
            self._done(entry)
            return
        relu = self._relu_of(entry)
        self.statements += self.writer.single(entry, relu is not None)
        if relu is not None:
            self.writer.places[relu] = self.writer.places[entry]
            self.finished.add(relu)
        self._done(entry, *([] if relu is None else [relu]))

    def _relu_of(self, entry: Entry) -> Entry | None:
        """The activation behind a product, where that is all that comes of it."""
        users = self.users[entry]
        alone = len(users) == 1 and users[0].op == "relu" and entry not in self.outputs
        return users[0] if alone and self.writer.is_dense(entry) else None

    # --- loops over elements ----------------------------------------------------------------------

    def _group(self, first: Entry) -> list[Entry]:
        """Write all that is ready and goes over the same elements as one loop."""
        members, closing = self._fellows(first)
        group, chosen = _Group(self.writer, *_sizes(first)), [*members, *closing]
        taken = set(chosen)
        for entry in members:
            group.member(entry)
        stored = [
            entry
            for entry in members
            if entry in self.outputs or any(user not in taken for user in self.users[entry])
        ]
        for entry in _sources_of_aliases(stored, group, members):
            group.store(entry)
        for entry in closing:
            group.reduce(entry)
        self.statements.append(group.statement())
        for entry in members:
            if group.aliases.get(entry) in self.writer.places:
                view = self.writer.as_view(entry)
                assert view is not None
                self.writer.places[entry] = view
        return chosen

    def _fellows(self, first: Entry) -> tuple[list[Entry], list[Entry]]:
        """The operations that share a loop with the first one, and the sums that end it."""
        sizes, rows = _sizes(first)
        waiting = self._ready_for(first)
        missing, inside = dict(self.missing), set[Entry]()
        members: list[Entry] = []
        closing: list[Entry] = []
        while waiting and len(members) < LONGEST_GROUP:
            entry = heapq.heappop(waiting)[1]
            members.append(entry)
            inside.add(entry)
            for user in self.users[entry]:
                missing[user] -= 1
                if missing[user]:
                    continue
                if self._joins(user, sizes, rows, inside):
                    heapq.heappush(waiting, (self.number[user], user))
                elif user.op in ex.REDUCTIONS and sizes and _source_shape(user)[0] != 1:
                    closing.append(user)
        for _, entry in waiting:  # for which no room is left
            if not self.missing[entry]:
                self._push(entry)
        return members, [user for user in closing if user.operands[0] in inside]

    def _ready_for(self, first: Entry) -> list[tuple[int, Entry]]:
        """What is ready and goes over the elements of `first`, taken out of what is ready."""
        found, others = [(self.number[first], first)], []
        while self.ready:
            rank, number, entry = heapq.heappop(self.ready)
            if rank == ELEMENTS and _sizes(entry) == _sizes(first):
                heapq.heappush(found, (number, entry))
            else:
                others.append((rank, number, entry))
        self.ready = others  # sorted, and so a heap
        return found

    def _joins(self, entry: Entry, sizes: tuple[int, ...], rows: bool, inside: set[Entry]) -> bool:
        if _sizes(entry) != (sizes, rows):
            return False
        if entry.op == "getitem":
            return _is_reshaping(entry)
        if entry.op == "take_along" and _is_one_of(entry.operands[0], inside):
            return False
        return entry.op in ex.ELEMENTWISE and not _is_table(entry)


class _Group:
    """Elementwise operations in one loop."""

    def __init__(self, writer: Places, sizes: tuple[int, ...], rows: bool):
        self.writer = writer
        self.loops = Loops(sizes, rows)
        self.names: dict[Entry, str] = {}
        self.aliases: dict[Entry, Entry] = {}
        self._reads = 0
        self.scopes: dict[str, None] = {}

    def member(self, entry: Entry) -> None:
        """The number of an operation as a local variable."""
        if entry.op == "getitem":
            source = entry.operands[0]
            self.aliases[entry] = self.aliases.get(source, source)
            self.names[entry] = self.names[source]
            return
        self.scopes[entry.scope.rstrip("/")] = None
        kind = self.writer.kind_of(entry)
        name = self.names[entry] = f"v{len(self.names)}"
        self.loops.lines.append(
            f"const {self.writer.constants.c_type(kind)} {name} = {self._expression(entry, kind)};"
        )

    def store(self, entry: Entry) -> None:
        """Keep a number for others."""
        target = self.writer.new(entry)
        left = self.loops.reference(target, target.shape)
        self.loops.lines.append(f"{left} = {self.names[entry]};")

    def reduce(self, entry: Entry) -> None:
        """Add numbers up."""
        shape, _ = of_event(entry.operands[0].shape)
        self.writer.reduced(self.loops, entry, self.names[entry.operands[0]], shape)

    def statement(self) -> Statement:
        return self.loops.statement(", ".join(scope for scope in self.scopes if scope))

    def _expression(self, entry: Entry, kind: str) -> str:
        op, shape = entry.op, of_event(entry.shape)[0]
        operands = entry.operands[:1] if op == "with_batch" else entry.operands
        kinds = ex.kinds_of_operands(op, kind, [self._kind(x) for x in operands])
        if op == "take_along":
            return self._chosen(operands[0], operands[1], shape)
        values = [self._operand(x, k, shape) for x, k in zip(operands, kinds, strict=True)]
        if op == "with_batch":
            return values[0]
        if op == "where":
            values = [self._read(value, k) for value, k in zip(values, kinds, strict=True)]
        if op == "to_float":
            return ex.to_float(values[0], kinds[0], self.writer.constants.real)
        if op in ("maximum", "minimum"):
            fixed = [isinstance(x, int | float) for x in operands]
            if any(fixed):
                x, number = values[fixed.index(False)], values[fixed.index(True)]
                return ex.extreme_of_number(op, x, number)
        if op in ex.SPECIAL:
            self.writer.special[op] = getattr(Ops, op)
            return self.writer.call(f"{op}_t({values[0]})")
        return self.writer.call(ex.TEMPLATES[op].format(*values))

    def _read(self, value: str, kind: str) -> str:
        """A number that is read here, not behind a condition."""
        if "$" not in value:
            return value
        self._reads += 1
        c_type = self.writer.constants.c_type(kind)
        self.loops.lines.append(f"const {c_type} r{self._reads} = {value};")
        return f"r{self._reads}"

    def _kind(self, operand: Any) -> str | None:
        if isinstance(operand, Entry):
            return self.writer.kind_of(operand)
        if isinstance(operand, np.ndarray):
            return {"b": FLAG, "f": REAL}.get(operand.dtype.kind)
        return None

    def _operand(self, x: Any, kind: str, shape: tuple[int, ...]) -> str:
        if isinstance(x, Entry):
            return self.names[x] if x in self.names else self._stored(x, shape)
        array = np.asarray(x)
        if (
            array.size
            and (array == array.flat[0]).all()
            and np.signbit(array).all() == np.signbit(array).any()
        ):
            return self.writer.constants.literal(array.flat[0], kind)
        return self.loops.reference(self.writer.constant(array, kind), shape)

    def _stored(self, x: Entry, shape: tuple[int, ...]) -> str:
        return self.loops.reference(self.writer.places[x], shape)

    def _chosen(self, x: Any, index: Any, shape: tuple[int, ...]) -> str:
        """The row that an index names."""
        kind = self.writer.kind_of(x) if isinstance(x, Entry) else REAL
        table = self.writer.view(x, kind)
        number = self._operand(index, "index", shape)
        rows, stride = table.shape[0], table.strides[0]
        row = part(table, (0,))
        if rows > ex.MOST_CHOICES:
            return self.loops.reference(row, shape, row=f"{number} * {stride}")
        # All rows are read, and chosen from by their bits: reads behind conditions, and conditions
        # of which one follows from the other, would keep loops from becoming vectors.
        c_type, name = self.writer.constants.c_type(kind), f"w{len(self.names)}"
        self.loops.lines.append(f"const int32_t {name}_at = {number};")
        for k in range(rows):
            read = self.loops.reference(row, shape, row=str(k * stride) if k else "")
            self.loops.lines.append(f"const {c_type} {name}_{k} = {read};")
        text = f"{name}_0"
        for k in range(1, rows):
            chosen = self.writer.call(f"chosen_t({name}_at >= {k}, {name}_{k}, {text})")
            text = f"{name}_to{k}"
            self.loops.lines.append(f"const {c_type} {text} = {chosen};")
        return text


def _is_one_of(operand: Any, entries: set[Entry]) -> bool:
    return isinstance(operand, Entry) and operand in entries


def _needs(entry: Entry) -> list[Entry]:
    if entry.op == "loop":
        return list(used_by(entry))
    return list(entries_in(entry.operands))


def _is_table(entry: Entry) -> bool:
    """True for a fixed array that is repeated for every row: it is copied."""
    return entry.op == "with_batch" and not isinstance(entry.operands[0], Entry)


def _sizes(entry: Entry) -> tuple[tuple[int, ...], bool]:
    shape, rows = of_event(entry.shape)
    return tuple(size for size in shape if size != 1), rows


def _source_shape(entry: Entry) -> tuple[int, ...]:
    return of_event(entry.operands[0].shape)[0]


def _is_reshaping(entry: Entry) -> bool:
    """True for an index that adds or drops axes of length 1 only."""
    source = entry.operands[0]
    return isinstance(source, Entry) and _sizes(source) == _sizes(entry)


def _sources_of_aliases(stored: list[Entry], group: _Group, members: list[Entry]) -> list[Entry]:
    """What has to be kept, the sources in the place of what is only another shape of them."""
    wanted = {group.aliases.get(entry, entry) for entry in stored}
    return [entry for entry in members if entry in wanted]
