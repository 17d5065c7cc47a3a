"""Programs by the grammar, whatever they mean, and any text with other white space and comments."""

from __future__ import annotations

import random
from collections.abc import Callable

from flowspec.language.lexer import NAME, NUMBER, STRING, scan

_ATOMS = ["1", "0.5", ".5", "2.", "1e-3", "inf", "pi", "x", '"a b"', "true", "width", "-1", "--2"]
_NAMES = ["Normal", "Affine", "Tanh", "RQS", "Onto", "f", "learn"]
_FORMS = ["repeat(2)", "inverse", "on(0, x)", "repeat(n, layer)"]
_SUPPORTS = ["real", "positive", "(0, 1)", "[-1, inf)", "circle(-pi, pi)", "simplex"]
_WORDS = (NAME, NUMBER, STRING)


class Programs:
    """Programs that follow from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def program(self) -> str:
        """Statements and a pipeline."""
        kinds = [self._variables, self._let, self._def, self._train]
        statements = [self._one(kinds)() for _ in range(self._random.randrange(4))]
        return "\n".join([*statements, self._pipeline(2)])

    def spaced(self, text: str) -> str:
        """The tokens of a text with other white space, and comments, between them."""
        spaced, before = self._between(""), ""
        for token in scan(text):
            apart = before in _WORDS and token.kind in _WORDS
            spaced += self._between(" " if apart else "") + token.text if before else token.text
            before = token.kind
        return spaced + self._between("")

    def _between(self, least: str) -> str:
        if self._random.random() < 0.7:
            return self._one([least, " "])
        comment = f"# {self._random.randrange(10**6)} |> )\u00e9"
        behind, own = f" {comment}\n", f"\n{comment}\r\n"
        blanks = ["\n", "\n\n\n", "\t", "\r\n", " \f ", "\ufeff "]
        return self._one([*blanks, behind, own, own + own, behind + own, f"\n{own}\n\n{behind}"])

    def _one(self, choices):
        return self._random.choice(choices)

    def _some(self, make: Callable[[], str], most: int, joint: str = ", ") -> str:
        return joint.join(make() for _ in range(self._random.randint(1, most)))

    def _value(self, depth: int) -> str:
        kinds = [self._arithmetic, self._vector, self._group, self._call]
        return (
            self._one(kinds)(depth - 1) if depth and self._random.random() < 0.5 else self._atom()
        )

    def _atom(self) -> str:
        return self._one(_ATOMS)

    def _arithmetic(self, depth: int) -> str:
        sign = self._one([" + ", " - ", "*", "/", "**", "** -"])
        return self._some(lambda: self._group(depth), 4, sign)

    def _vector(self, depth: int) -> str:
        return f"[{self._some(lambda: self._value(depth), self._one([2, 30]))}{self._comma()}]"

    def _group(self, depth: int) -> str:
        return f"({self._value(depth)})" if self._random.random() < 0.3 else self._atom()

    def _comma(self) -> str:
        return self._one(["", "", ","])

    def _argument(self, depth: int) -> str:
        values = [self._value(depth), "Normal(0, 1) |> Exp |> repeat(2) { Tanh }"]
        return self._one(["", "low="]) + values[self._random.random() < 0.1]

    def _call(self, depth: int) -> str:
        arguments = f"({self._some(lambda: self._argument(depth), 5)}{self._comma()})"
        copies = self._one(["", "", f"[{self._atom()}]"])
        return self._one(_NAMES) + self._one(["", "()", arguments]) + copies

    def _element(self, depth: int) -> str:
        if not depth or self._random.random() < 0.7:
            return self._call(depth)
        body = self._one(["", self._pipeline(depth - 1)])
        return f"{self._one(_FORMS)} {{ {body} }}"

    def _pipeline(self, depth: int) -> str:
        return self._some(lambda: self._element(depth), 5, " |> ")

    def _variables(self) -> str:
        return f"{self._one(['context', 'event'])} {self._some(self._variable, 9)}"

    def _variable(self) -> str:
        name = self._one(["x", "sepal_length", '"petal length (cm)"'])
        support = self._one(["", "", f": {self._one(_SUPPORTS)}"])
        return name + self._one(["", "", "[3]"]) + support

    def _let(self) -> str:
        return f"let a = {self._value(3)}"

    def _def(self) -> str:
        return f"def f{self._one(['', '()', '(a, b=[1, 2],)', '(n)'])} = {self._pipeline(1)}"

    def _train(self) -> str:
        settings = self._some(lambda: f"epochs = {self._value(2)}", 5, self._one([" ", ", "]))
        return f"train {{ {self._one(['', settings])} }}"
