"""From the rules of the grammar to the nodes of the syntax tree."""

from __future__ import annotations

from typing import Any

from flowspec.diagnostics.records import record
from flowspec.diagnostics.source import Source, Span
from flowspec.language import syntax
from flowspec.language.lexer import STRING, Token

Items = list[Any]
"""The children of a rule: nodes and tokens."""


def _token(item: Any, text: str) -> bool:
    return isinstance(item, Token) and item.text == text


def _nodes(items: Items) -> list[Any]:
    return [item for item in items if isinstance(item, syntax.Node)]


def _single(items: Items) -> syntax.Node:
    node: syntax.Node = items[0]
    return node


def _ends(item: Any) -> tuple[int, int]:
    place = item if isinstance(item, Token) else item.span
    return place.start, place.end


class TreeBuilder:
    """One method a grammar rule; children are nodes and tokens in the order of the text."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def build(self, rule: str, items: Items) -> Any:
        """The node, or what is on its way into one, that a rule makes."""
        return getattr(self, rule)(items)

    def _span(self, items: Items) -> Span:
        return (
            Span(self.source, _ends(items[0])[0], _ends(items[-1])[1])
            if items
            else Span(self.source, 0, 0)
        )

    def _name(self, token: Token) -> syntax.Name:
        return syntax.Name(self._span([token]), token.text)

    def number(self, items: Items) -> syntax.Number:
        return syntax.Number(self._span(items), float(items[0].text))

    def string(self, items: Items) -> syntax.String:
        return syntax.String(self._span(items), items[0].text[1:-1])

    def vector(self, items: Items) -> syntax.Vector:
        return syntax.Vector(self._span(items), tuple(_nodes(items)))

    def group(self, items: Items) -> syntax.Group:
        return syntax.Group(self._span(items), items[1])

    def sum(self, items: Items) -> syntax.Node:
        if len(items) == 1:
            return _single(items)
        signs = ["+", *(sign.text for sign in items[1::2])]
        return syntax.Sum(self._span(items), tuple(zip(signs, items[::2], strict=True)))

    def product(self, items: Items) -> syntax.Node:
        if len(items) == 1:
            return _single(items)
        joined = ["*", *(sign.text for sign in items[1::2])]
        return syntax.Product(self._span(items), tuple(zip(joined, items[::2], strict=True)))

    def signed(self, items: Items) -> syntax.Node:
        if len(items) == 1:
            return _single(items)
        negative = sum(_token(item, "-") for item in items[:-1]) % 2 == 1
        return syntax.Signed(self._span(items), negative, items[-1])

    def power(self, items: Items) -> syntax.Node:
        if len(items) == 1:
            return _single(items)
        operands, signs = [], []
        for item in items:
            if isinstance(item, Token):
                signs.append(item)
                continue
            signs = [sign for sign in signs if sign.text != "**"]
            operands.append(self.signed([*signs, item]))
            signs = []
        return syntax.Power(self._span(items), tuple(operands))

    def arguments(self, items: Items) -> _Bracketed:
        return _Bracketed(self._span(items), tuple(_nodes(items)))

    parameters = arguments

    def copies(self, items: Items) -> _Bracketed:
        return _Bracketed(self._span(items), (items[1],))

    def block(self, items: Items) -> _Block:
        body = next(iter(_nodes(items)), syntax.Pipeline(self._span(items), ()))
        return _Block(self._span(items), body)

    def argument(self, items: Items) -> syntax.Argument:
        if len(items) == 1:
            return syntax.Argument(self._span(items), None, items[0])
        return syntax.Argument(self._span(items), self._name(items[0]), items[2])

    def call(self, items: Items) -> syntax.Call:
        arguments = copies = block = None
        for item in items[1:]:
            if isinstance(item, _Block):
                block = item.body
            elif self.source.text[item.span.start] == "(":
                arguments = item.nodes
            else:
                copies = item.nodes[0]
        return syntax.Call(self._span(items), self._name(items[0]), arguments, copies, block)

    element = call

    def pipeline(self, items: Items) -> syntax.Pipeline:
        return syntax.Pipeline(self._span(items), tuple(_nodes(items)))

    chain = pipeline

    def named_support(self, items: Items) -> syntax.NamedSupport:
        arguments = items[1].nodes if len(items) > 1 else None
        return syntax.NamedSupport(self._span(items), self._name(items[0]), arguments)

    def interval(self, items: Items) -> syntax.IntervalSupport:
        closed = (_token(items[0], "["), _token(items[4], "]"))
        return syntax.IntervalSupport(self._span(items), items[1], items[3], *closed)

    def variable(self, items: Items) -> syntax.Variable:
        copies = next((item.nodes[0] for item in items if isinstance(item, _Bracketed)), None)
        support = items[-1] if any(_token(item, ":") for item in items) else None
        # Columns of tables may have names that are no names here: `"petal length (cm)"`.
        name = self._name(items[0])
        name = syntax.Name(name.span, name.text[1:-1]) if items[0].kind == STRING else name
        return syntax.Variable(self._span(items), name, support, copies)

    def context(self, items: Items) -> syntax.Variables:
        return syntax.Variables(self._span(items), items[0].text, tuple(_nodes(items)))

    event = context

    def let(self, items: Items) -> syntax.Let:
        return syntax.Let(self._span(items), self._name(items[1]), items[3])

    def parameter(self, items: Items) -> syntax.Parameter:
        return syntax.Parameter(
            self._span(items), self._name(items[0]), items[2] if len(items) > 1 else None
        )

    def def_(self, items: Items) -> syntax.Def:
        parameters = items[2].nodes if isinstance(items[2], _Bracketed) else ()
        return syntax.Def(self._span(items), self._name(items[1]), parameters, items[-1])

    setting = argument

    def train(self, items: Items) -> syntax.Train:
        return syntax.Train(self._span(items), tuple(_nodes(items)))

    def start(self, items: Items) -> tuple[tuple[Any, ...], syntax.Pipeline | None]:
        statements = tuple(item for item in items if not isinstance(item, syntax.Pipeline))
        pipeline = next((item for item in items if isinstance(item, syntax.Pipeline)), None)
        return statements, pipeline


@record
class _Bracketed(syntax.Node):
    """Nodes in brackets, on their way into a call."""

    nodes: tuple[Any, ...]


@record
class _Block(syntax.Node):
    """A pipeline in braces, on its way into a call."""

    body: syntax.Pipeline
