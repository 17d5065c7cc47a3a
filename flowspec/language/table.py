"""The parsing table of the language: rules, states and terminals, as they follow from the grammar.

lark makes it of `grammar/flow.lark` once, for `grammar/flow.table.json`: reading that takes a
hundredth of the time, so that a command starts without lark. A test holds the two equal.
"""

from __future__ import annotations

import json
import pkgutil
from collections import deque
from functools import cache
from typing import Any, NamedTuple

END = "$END"
"""The terminal behind the last token."""


class Rule(NamedTuple):
    """A rule of the grammar, which turns the topmost values of the stack into one.

    builds   what it makes; "" if it hands on the values as they are
    """

    name: str
    size: int
    builds: str

    @property
    def is_list(self) -> bool:
        """True for the rule of a `*` in the grammar: its values go into the rule around it."""
        return self.name.startswith("__")


class Table(NamedTuple):
    """An LALR(1) table.

    rows       for each state, symbol -> the next state, or -1 - r for the rule r to apply
    words      the terminals that are always written in one way
    patterns   the others, as regular expressions
    """

    rules: list[Rule]
    rows: list[dict[str, int]]
    words: dict[str, str]
    patterns: dict[str, str]


@cache
def table() -> Table:
    """The table as it is kept; the first row is that of the start."""
    kept = json.loads(pkgutil.get_data("flowspec.grammar", "flow.table.json") or b"")
    return Table(**{**kept, "rules": [Rule(*rule) for rule in kept["rules"]]})


def derived() -> Table:
    """The table that follows from `grammar/flow.lark`; it needs lark."""
    from lark import Lark
    from lark.lexer import PatternStr

    grammar = (pkgutil.get_data("flowspec.grammar", "flow.lark") or b"").decode("utf-8")
    parser = Lark(grammar, parser="lalr", maybe_placeholders=False)
    patterns = {terminal.name: terminal.pattern for terminal in parser.terminals}
    rules, rows = _numbered(parser.parser.parser._parse_table)
    return Table(
        rules,
        rows,
        {name: p.value for name, p in sorted(patterns.items()) if isinstance(p, PatternStr)},
        {name: p.value for name, p in sorted(patterns.items()) if not isinstance(p, PatternStr)},
    )


def text(table: Table) -> str:
    """The table as JSON, a rule or a state a line."""
    lines = [f'"{name}": {_written(value)}' for name, value in table._asdict().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(line) for line in value) + "\n]"


def _numbered(lalr: Any) -> tuple[list[Rule], list[dict[str, int]]]:
    """The rules and states of lark's table, numbered as they are reached from the start."""
    start, end = lalr.start_states["start"], lalr.end_states["start"]
    states, rules = {start: 0}, dict[Any, int]()
    rows, waiting = list[dict[str, int]](), deque([start])
    while waiting:
        state = waiting.popleft()
        row = {}
        for symbol, (action, target) in sorted(lalr.states[state].items(), key=_symbol):
            if str(action) != "Shift":
                row[symbol] = -1 - rules.setdefault(target, len(rules))
                continue
            if target not in states:
                states[target] = len(states)
                waiting.append(target)
            row[symbol] = states[target]
        rows.append(row | ({END: states[end]} if state == end else {}))
    return [_rule(rule) for rule in rules], rows


def _symbol(entry: tuple[str, Any]) -> str:
    return entry[0]


def _rule(rule: Any) -> Rule:
    name = str(rule.origin.name)
    plain = (rule.options.expand1 and not rule.alias) or name.startswith("__")
    return Rule(name, len(rule.expansion), "" if plain else str(rule.alias or name))
