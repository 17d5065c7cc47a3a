"""A flow as plain C: `native/NAME.h`, `native/NAME.c`, and a program that replays its vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.c.flow import ROWS_ONLY, CFlow
from flowspec.export.c.header import header
from flowspec.export.c.replay import replay_program
from flowspec.export.c.source import source
from flowspec.export.graphs import (
    from_noise_graph,
    log_prob_grad_graph,
    noise_graph,
    to_base_graph,
)
from flowspec.export.targets import Target
from flowspec.model.model import Model
from flowspec.ops.c.lent import Lent, weights_of
from flowspec.ops.c.source import File
from flowspec.runtime.native import FOLDER, SYMBOL, c_name

MOST_STACK = 64 * 1024
"""Bytes of scratch memory on the stack, that fit into the fast caches. More is lent."""

MOST_TEXT = 4 * 1024 * 1024
"""Bytes of constants in the text: of more, the text is past 15 MB, and gcc takes 3 seconds and
300 MB to read it, clang 5 seconds.
"""

TILES = (16, 8)
"""Rows that are worked out together: 8 where 16 would take too much memory."""

RECORDERS = {
    "to_base": to_base_graph,
    "from_noise": from_noise_graph,
    "noise": noise_graph,
    "log_prob_grad": log_prob_grad_graph,
}
"""What the functions are made of."""


@mistake
class NoCName(Diagnostic):
    message = "`{name}` is no name in C"
    help = "write letters, digits and _, such as `--name {instead}`"
    name: str
    instead: str


@dataclass(frozen=True)
class CSettings:
    """How the C of a flow is written.

    name         of all functions, an identifier of C
    exact_bits   True for the same bits from every compiler and instruction set: without fused
                 multiply-adds
    """

    name: str
    exact_bits: bool = False


def native_files(
    model: Model, target: Target, settings: CSettings, vectors: Mapping[str, Any]
) -> dict[str, bytes]:
    """The files of C, by their names in the bundle. Same input, same bytes.

    vectors  as in `vectors.json`
    Errors:  FlowError, where the name is none of C.
    """
    name = settings.name
    if not re.fullmatch(SYMBOL, name):
        raise FlowError(NoCName(name=name, instead=c_name(name)))
    file = File(target.dtype, ROWS_ONLY)
    staged = replace(target, keeps_stages=True)
    functions = {
        graph: file.add(graph, record(model.fixed, staged)) for graph, record in RECORDERS.items()
    }
    usual = CFlow(model, file, name, functions, TILES[0], settings.exact_bits)
    written = _with_memory(usual)
    weights = written.lent.weights
    return {
        f"{FOLDER}/{name}.h": header(written).encode(),
        f"{FOLDER}/{name}.c": source(written).encode(),
        f"{FOLDER}/replay.c": replay_program(written, vectors).encode(),
        **({f"{FOLDER}/{name}.weights": weights.data} if weights else {}),
    }


def _with_memory(flow: CFlow) -> CFlow:
    """The flow with tiles that fit into the fast caches; with weights and scratch memory that
    callers lend, where those are too large for the text, or this for the stack.
    """
    tiles = (replace(flow, tile=tile) for tile in TILES)
    fitting = next((each for each in tiles if each.scratch <= MOST_STACK), None)
    constants = flow.file.constants
    lent = Lent(weights_of(constants) if constants.bytes > MOST_TEXT else None, fitting is None)
    return replace(fitting or flow, tile=(fitting.tile if fitting else TILES[-1]), lent=lent)
