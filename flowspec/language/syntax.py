"""The syntax tree: what was written, before it means anything. Every node knows its span."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowspec.diagnostics.source import Span


@dataclass(frozen=True)
class Node:
    """Anything that was written somewhere."""

    span: Span = field(compare=False)


@dataclass(frozen=True)
class Name(Node):
    text: str


# --- values ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number(Node):
    value: float


@dataclass(frozen=True)
class String(Node):
    text: str


@dataclass(frozen=True)
class Vector(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Sum(Node):
    """Terms with their signs, `+` or `-`."""

    terms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Product(Node):
    """Factors with what joins them to the ones before, `*` or `/`."""

    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Signed(Node):
    """A value behind any number of signs, which come to one."""

    negative: bool
    value: Node


@dataclass(frozen=True)
class Power(Node):
    """A base and its exponents, from left to right: `a ** b ** c`."""

    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Group(Node):
    """A value in parentheses."""

    value: Node


@dataclass(frozen=True)
class Argument(Node):
    name: Name | None
    value: Node


@dataclass(frozen=True)
class Call(Node):
    """A name, and what may follow it: `Normal(0, 1)[5]`, `repeat(4) { ... }`.

    A bare name has no arguments (None).
    """

    name: Name
    arguments: tuple[Argument, ...] | None = None
    copies: Node | None = None
    block: Pipeline | None = None


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class NamedSupport(Node):
    """`real`, `circle(0, 1)`."""

    name: Name
    arguments: tuple[Argument, ...] | None


@dataclass(frozen=True)
class IntervalSupport(Node):
    """`(0, 1]`."""

    low: Node
    high: Node
    closed_low: bool
    closed_high: bool


@dataclass(frozen=True)
class Variable(Node):
    """A declared name, or several: `t[3]`.

    Without a support it shares that of the next one that has one.
    """

    name: Name
    support: NamedSupport | IntervalSupport | None
    copies: Node | None = None


@dataclass(frozen=True)
class Variables(Node):
    """A `context` or an `event` statement."""

    kind: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Let(Node):
    name: Name
    value: Node


@dataclass(frozen=True)
class Parameter(Node):
    name: Name
    default: Node | None


@dataclass(frozen=True)
class Def(Node):
    name: Name
    parameters: tuple[Parameter, ...]
    body: Pipeline


@dataclass(frozen=True)
class Train(Node):
    """The hyper-parameters of a training, each with its name."""

    settings: tuple[Argument, ...]


@dataclass(frozen=True)
class File(Node):
    statements: tuple[Variables | Let | Def | Train, ...]
    pipeline: Pipeline | None
    comments: tuple[Name, ...]
    """Comments in order, as written, `#` included."""
