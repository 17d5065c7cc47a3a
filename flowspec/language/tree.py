"""From lark's parse tree to the syntax tree, without recursion: nesting is the user's to choose."""

from __future__ import annotations

from lark import Token
from lark.visitors import Transformer_NonRecursive

from flowspec.diagnostics.source import Source, Span
from flowspec.language import syntax


def _token(item, text: str) -> bool:
    return isinstance(item, Token) and item == text


def _nodes(items) -> list:
    return [item for item in items if isinstance(item, syntax.Node)]


class TreeBuilder(Transformer_NonRecursive):
    """One method a grammar rule; children are nodes and tokens in the order of the text."""

    def __init__(self, source: Source):
        super().__init__()
        self.source = source

    def _span(self, items) -> Span:
        def ends(item):
            if isinstance(item, Token):
                return int(item.start_pos or 0), int(item.end_pos or 0)
            return item.span.start, item.span.end

        return (
            Span(self.source, ends(items[0])[0], ends(items[-1])[1])
            if items
            else Span(self.source, 0, 0)
        )

    def _name(self, token: Token) -> syntax.Name:
        return syntax.Name(self._span([token]), str(token))

    def number(self, items):
        return syntax.Number(self._span(items), float(items[0]))

    def string(self, items):
        return syntax.String(self._span(items), str(items[0])[1:-1])

    def vector(self, items):
        return syntax.Vector(self._span(items), tuple(_nodes(items)))

    def group(self, items):
        return syntax.Group(self._span(items), items[1])

    def sum(self, items):
        if len(items) == 1:
            return items[0]
        signs = ["+", *map(str, items[1::2])]
        return syntax.Sum(self._span(items), tuple(zip(signs, items[::2], strict=True)))

    def product(self, items):
        if len(items) == 1:
            return items[0]
        joined = ["*", *map(str, items[1::2])]
        return syntax.Product(self._span(items), tuple(zip(joined, items[::2], strict=True)))

    def signed(self, items):
        if len(items) == 1:
            return items[0]
        negative = sum(_token(item, "-") for item in items[:-1]) % 2 == 1
        return syntax.Signed(self._span(items), negative, items[-1])

    def power(self, items):
        if len(items) == 1:
            return items[0]
        operands, signs = [], []
        for item in items:
            if isinstance(item, Token):
                signs.append(item)
                continue
            signs = [sign for sign in signs if sign != "**"]
            operands.append(self.signed([*signs, item]))
            signs = []
        return syntax.Power(self._span(items), tuple(operands))

    def arguments(self, items):
        return _Bracketed(self._span(items), tuple(_nodes(items)))

    parameters = arguments

    def copies(self, items):
        return _Bracketed(self._span(items), (items[1],))

    def block(self, items):
        body = next(iter(_nodes(items)), syntax.Pipeline(self._span(items), ()))
        return _Block(self._span(items), body)

    def argument(self, items):
        if len(items) == 1:
            return syntax.Argument(self._span(items), None, items[0])
        return syntax.Argument(self._span(items), self._name(items[0]), items[2])

    def call(self, items):
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

    def pipeline(self, items):
        return syntax.Pipeline(self._span(items), tuple(_nodes(items)))

    def named_support(self, items):
        arguments = items[1].nodes if len(items) > 1 else None
        return syntax.NamedSupport(self._span(items), self._name(items[0]), arguments)

    def interval(self, items):
        closed = (_token(items[0], "["), _token(items[4], "]"))
        return syntax.IntervalSupport(self._span(items), items[1], items[3], *closed)

    def variable(self, items):
        support = items[2] if len(items) > 1 else None
        # Columns of tables may have names that are no names here: `"petal length (cm)"`.
        name = self._name(items[0])
        name = syntax.Name(name.span, name.text[1:-1]) if items[0].type == "STRING" else name
        return syntax.Variable(self._span(items), name, support)

    def context(self, items):
        return syntax.Variables(self._span(items), str(items[0]), tuple(_nodes(items)))

    event = context

    def let(self, items):
        return syntax.Let(self._span(items), self._name(items[1]), items[3])

    def parameter(self, items):
        return syntax.Parameter(
            self._span(items), self._name(items[0]), items[2] if len(items) > 1 else None
        )

    def def_(self, items):
        parameters = items[2].nodes if isinstance(items[2], _Bracketed) else ()
        return syntax.Def(self._span(items), self._name(items[1]), parameters, items[-1])

    setting = argument

    def train(self, items):
        return syntax.Train(self._span(items), tuple(_nodes(items)))

    def start(self, items):
        statements = tuple(item for item in items if not isinstance(item, syntax.Pipeline))
        pipeline = next((item for item in items if isinstance(item, syntax.Pipeline)), None)
        return statements, pipeline


class _Bracketed(syntax.Node):
    """Nodes in brackets, on their way into a call."""

    def __init__(self, span: Span, nodes: tuple):
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "nodes", nodes)


class _Block(syntax.Node):
    """A pipeline in braces, on its way into a call."""

    def __init__(self, span: Span, body: syntax.Pipeline):
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "body", body)
