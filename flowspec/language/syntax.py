"""The syntax tree: what was written, before it means anything. Every node knows its span."""

from __future__ import annotations

from typing import Any

from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.source import Span


@record
class Node(Record):
    """Anything that was written somewhere. Nodes are equal wherever they stand."""

    span: Span

    @property
    def _compared(self) -> tuple[Any, ...]:
        return super()._compared[1:]


@record
class Name(Node):
    text: str


# --- values ---------------------------------------------------------------------------------------


@record
class Number(Node):
    value: float


@record
class String(Node):
    text: str


@record
class Vector(Node):
    items: tuple[Node, ...]


@record
class Sum(Node):
    """Terms with their signs, `+` or `-`."""

    terms: tuple[tuple[str, Node], ...]


@record
class Product(Node):
    """Factors with what joins them to the ones before, `*` or `/`."""

    factors: tuple[tuple[str, Node], ...]


@record
class Signed(Node):
    """A value behind any number of signs, which come to one."""

    negative: bool
    value: Node


@record
class Power(Node):
    """A base and its exponents, from left to right: `a ** b ** c`."""

    operands: tuple[Node, ...]


@record
class Group(Node):
    """A value in parentheses."""

    value: Node


@record
class Argument(Node):
    name: Name | None
    value: Node


@record
class Call(Node):
    """A name, and what may follow it: `Normal(0, 1)[5]`, `repeat(4) { ... }`.

    A bare name has no arguments (None).
    """

    name: Name
    arguments: tuple[Argument, ...] | None = None
    copies: Node | None = None
    block: Pipeline | None = None


@record
class Pipeline(Node):
    elements: tuple[Call, ...]


def bare_name(node: Node) -> str | None:
    """The name that a value consists of, plain or in quotes; None if it is anything else."""
    if isinstance(node, String):
        return node.text
    return (
        node.name.text
        if isinstance(node, Call) and node.arguments is None and node.copies is None
        else None
    )


# --- statements -----------------------------------------------------------------------------------


@record
class NamedSupport(Node):
    """`real`, `circle(0, 1)`."""

    name: Name
    arguments: tuple[Argument, ...] | None


@record
class IntervalSupport(Node):
    """`(0, 1]`."""

    low: Node
    high: Node
    closed_low: bool
    closed_high: bool


@record
class Variable(Node):
    """A declared name, or several: `t[3]`.

    Without a support it shares that of the next one that has one.
    """

    name: Name
    support: NamedSupport | IntervalSupport | None
    copies: Node | None = None


@record
class Variables(Node):
    """A `context` or an `event` statement."""

    kind: str
    variables: tuple[Variable, ...]


@record
class Let(Node):
    name: Name
    value: Node


@record
class Parameter(Node):
    name: Name
    default: Node | None


@record
class Def(Node):
    name: Name
    parameters: tuple[Parameter, ...]
    body: Pipeline


@record
class Train(Node):
    """The hyper-parameters of a training, each with its name."""

    settings: tuple[Argument, ...]


@record
class File(Node):
    statements: tuple[Variables | Let | Def | Train, ...]
    pipeline: Pipeline | None
    comments: tuple[Name, ...]
    """Comments in order, as written, `#` included."""
