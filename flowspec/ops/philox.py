"""Seeded noise: Philox4x32-10 over the vocabulary, so that every interpreter draws the
same numbers.

Source: Parallel Random Numbers: As Easy as 1, 2, 3, Salmon et al., SC 2011,
    doi:10.1145/2063384.2063405.

The stream, for whoever writes it again in another language. For row r (int64) and seed s
(int64):

    counter = (r mod 2^32, r div 2^32, block, kind)     kind: 0 uniforms, 1 normals
    key     = (s mod 2^32, s div 2^32)                  two's complement for negative
    numbers
    w0, w1, w2, w3 = philox4x32_10(counter, key)

float32   a word w gives the uniform (w div 2^9 + 1/2) 2^-23: four uniforms a block, in
          the order of
          the words
float64   two words v, w give (v 2^20 + w div 2^12 + 1/2) 2^-52: two uniforms a block. 52
          bits,
          because k + 1/2 has to be a float64 itself
normals   uniforms u, v in the order of their stream, in pairs, give sqrt(-2 log u) cos(2
          pi v) and
          sqrt(-2 log u) sin(2 pi v)

The q-th row of uniform noise takes the q-th uniform of kind 0, the q-th row of normal
noise the q-th normal of kind 1, whatever else is drawn. So each number depends on (seed,
row, q) alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.ops.words import WholeWords, Word, Words

ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
UNIFORM, NORMAL = 0, 1


def philox(
    words: Words, counter: Sequence[Word], key: Sequence[Word]
) -> tuple[Word, Word, Word, Word]:
    """Four random words from four counter words and two key words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for index in range(ROUNDS):
        high_0, low_0 = words.product(c0, _MULTIPLIERS[0])
        high_2, low_2 = words.product(c2, _MULTIPLIERS[1])
        c0, c2 = (
            words.xor(words.xor(high_2, c1), k0),
            words.xor(words.xor(high_0, c3), k1),
        )
        c1, c3 = low_2, low_0
        if index + 1 < ROUNDS:
            k0 = words.plus(k0, _KEY_STEPS[0])
            k1 = words.plus(k1, _KEY_STEPS[1])
    return c0, c1, c2, c3


def noise(
    ops: Ops,
    seed: Array,
    rows: Array,
    kinds: Sequence[str],
    arithmetic: Callable[[Ops], Words] = WholeWords,
) -> Array:
    """Standard noise (K, N) for rows (N,) of the stream: row j of it is of the kind
    `kinds[j]`.
    """
    uniforms, normals = kinds.count("uniform"), kinds.count("normal")
    pairs = -(-normals // 2)
    drawn = _uniform_streams(arithmetic(ops), seed, rows, (uniforms, 2 * pairs))
    draws = []
    if uniforms:
        draws.append(drawn[UNIFORM])
    if normals:
        draws.append(_box_muller(ops, drawn[NORMAL], pairs))
    return _in_order(ops, draws, kinds, pairs)


def _uniform_streams(
    words: Words, seed: Array, rows: Array, counts: tuple[int, int]
) -> dict[int, Array]:
    """The first `counts[kind]` uniforms of each kind that is drawn at all, (count, N)."""
    a_block = 4 if words.ops.dtype == np.float32 else 2
    blocks = [-(-count // a_block) for count in counts]
    number = np.concatenate([np.arange(count) for count in blocks])[:, None]
    kinds = np.repeat([UNIFORM, NORMAL], blocks)[:, None]
    counter = (*words.split(rows), words.fixed(number), words.fixed(kinds))
    values = to_uniforms(words, philox(words, counter, words.split(seed)))
    total, first = sum(blocks), 0
    streams: dict[int, Array] = {}
    for kind, (count, taken) in enumerate(zip(counts, blocks, strict=True)):
        places = [(q % a_block) * total + first + q // a_block for q in range(count)]
        if places:
            streams[kind] = words.ops.take(values, places)
        first += taken
    return streams


def to_uniforms(words: Words, drawn: Sequence[Word]) -> Array:
    """All uniforms of the blocks: the first ones of each block, then the second ones, and
    so on.
    """
    if words.ops.dtype == np.float32:
        return (words.as_floats(drawn, 9) + 0.5) * 2.0**-23
    # Whole numbers below 2^53: no step of it rounds.
    upper, lower = words.as_floats(drawn[0::2], 0), words.as_floats(drawn[1::2], 12)
    return (upper * 2.0**20 + lower + 0.5) * 2.0**-52


def _box_muller(ops: Ops, uniforms: Array, pairs: int) -> Array:
    """Normals (2 pairs, N): first those with the cosine, then those with the sine."""
    u = ops.take(uniforms, range(0, 2 * pairs, 2))
    v = ops.take(uniforms, range(1, 2 * pairs, 2))
    # Both turns are brought to [-1/4, 1/4], where every engine's sine is good to the last digits.
    # No step of it rounds.
    cosine = ops.abs(v - 0.5) - 0.25
    sine = ops.maximum(ops.minimum(v, 0.5 - v), v - 1)
    turns = ops.concat([cosine, sine])
    radius = ops.sqrt(-2 * ops.log(u))
    return ops.concat([radius, radius]) * ops.sin((2 * math.pi) * turns)


def _in_order(ops: Ops, draws: list[Array], kinds: Sequence[str], pairs: int) -> Array:
    """The drawn rows in the order of `kinds`."""
    uniforms = list(kinds).count("uniform")
    places, seen = [], {"uniform": 0, "normal": 0}
    for kind in kinds:
        q = seen[kind]
        places.append(q if kind == "uniform" else uniforms + (q % 2) * pairs + q // 2)
        seen[kind] += 1
    drawn = draws[0] if len(draws) == 1 else ops.concat(draws)
    return drawn if places == list(range(drawn.shape[0])) else ops.take(drawn, places)
