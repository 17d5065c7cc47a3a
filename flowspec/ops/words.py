"""Arithmetic on words of 32 bits, for the random number generator: in whole numbers of 64 bits, or
in halves that numbers of 32 bits hold. Both give the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array

Word = Any
"""As the arithmetic has it."""


class Words(Protocol):
    """The operations that the generator needs."""

    ops: Ops

    def split(self, number: Array) -> tuple[Word, Word]:
        """The lower and the upper word of int64 numbers."""

    def fixed(self, value: Any) -> Word:
        """Words that are known beforehand."""

    def product(self, word: Word, factor: int) -> tuple[Word, Word]:
        """The upper and the lower word of a product with a fixed word."""

    def plus(self, word: Word, fixed: int) -> Word:
        """The lower word of a sum with a fixed word."""

    def xor(self, a: Word, b: Word) -> Word:
        """Bits that differ."""

    def as_floats(self, words: Sequence[Word], dropped: int) -> Array:
        """The words without their lowest bits, joined, in the float type of the data."""


class WholeWords:
    """Words as whole numbers of 64 bits, whose products wrap around."""

    def __init__(self, ops: Ops):
        self.ops = ops

    def split(self, number: Array) -> tuple[Word, Word]:
        return self.ops.low_word(number), self.ops.high_word(number)

    def fixed(self, value: Any) -> Word:
        return self.ops.whole(value)

    def product(self, word: Word, factor: int) -> tuple[Word, Word]:
        whole = word * self.ops.whole(factor)
        return self.ops.high_word(whole), self.ops.low_word(whole)

    def plus(self, word: Word, fixed: int) -> Word:
        return self.ops.low_word(word + self.ops.whole(fixed))

    def xor(self, a: Word, b: Word) -> Word:
        return self.ops.xor(a, b)

    def as_floats(self, words: Sequence[Word], dropped: int) -> Array:
        joined = self.ops.concat(words)
        if dropped:
            joined = self.ops.high_word(joined * self.ops.whole(2 ** (32 - dropped)))
        return self.ops.to_float(joined)


class Halves:
    """Words as pairs of halves of 16 bits, the upper one first. No number reaches 2^31."""

    def __init__(self, ops: Ops):
        self.ops = ops

    def split(self, number: Array) -> tuple[Word, Word]:
        ops, halves = self.ops, []
        for _ in range(4):
            half = ops.low_bits(number, 16)
            halves.append(ops.narrow(half))
            # Exact, so that it does not matter how quotients of negative numbers are rounded.
            number = ops.without_bits(number - half, 16)
        return (halves[1], halves[0]), (halves[3], halves[2])

    def fixed(self, value: Any) -> Word:
        value = np.asarray(value)
        return self.ops.whole(value >> 16), self.ops.whole(value & 0xFFFF)

    def product(self, word: Word, factor: int) -> tuple[Word, Word]:
        """By the bytes of the factor, from the lowest on."""
        upper, lower = word
        f0, f1, f2, f3 = (self.ops.whole(factor >> bits & 0xFF) for bits in (0, 8, 16, 24))
        a = lower * f1
        b = lower * f3 + upper * f1
        c = upper * f3
        first, over = self._carried(lower * f0 + self._shifted(a))
        second, over = self._carried(
            over + self._above(a, 8) + lower * f2 + upper * f0 + self._shifted(b)
        )
        third, over = self._carried(over + self._above(b, 8) + upper * f2 + self._shifted(c))
        return (over + self._above(c, 8), third), (second, first)

    def _carried(self, number: Array) -> tuple[Array, Array]:
        """A half, and what goes to the next one."""
        return self.ops.low_bits(number, 16), self._above(number, 16)

    def _shifted(self, number: Array) -> Array:
        """The lowest byte, a byte higher."""
        return self.ops.low_bits(number, 8) * self.ops.whole(256)

    def _above(self, number: Array, bits: int) -> Array:
        return self.ops.without_bits(number, bits)

    def plus(self, word: Word, fixed: int) -> Word:
        upper, lower = word
        first, over = self._carried(lower + self.ops.whole(fixed & 0xFFFF))
        return self.ops.low_bits(upper + self.ops.whole(fixed >> 16) + over, 16), first

    def xor(self, a: Word, b: Word) -> Word:
        return self.ops.xor(a[0], b[0]), self.ops.xor(a[1], b[1])

    def as_floats(self, words: Sequence[Word], dropped: int) -> Array:
        upper, lower = (self.ops.concat([word[i] for word in words]) for i in (0, 1))
        scale = 2.0 ** (16 - dropped)
        rest = self.ops.to_float(self._above(lower, dropped) if dropped else lower)
        return self.ops.to_float(upper) * scale + rest
