"""The header of a flow in C."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from flowspec.export.c.flow import CFlow
from flowspec.export.c.lending import about_lent, about_memory, check, constants, kind, wrapped
from flowspec.export.quoting import in_comment
from flowspec.export.templates import filled
from flowspec.version import VERSION


def header(flow: CFlow) -> str:
    """The text of `NAME.h`."""
    model, real = flow.model.flow, flow.file.real
    context = list(model.context.names) if model.context else []
    declared = [
        f"/* {wrapped(f'{entry.doc} {about_memory(flow, entry)}')} */\n{flow.signature(entry)};"
        for entry in flow.entries
    ]
    lent = [f"{word.lower()}_bytes" for word in flow.lent_words]
    pointers = [f"  size_t {', '.join(lent)};"] if lent else []
    pointers += [f"  void (*{entry.name})({flow.parameters(entry)});" for entry in flow.entries]
    values = {
        "ABOUT_CONTEXT": _about_context(flow),
        "ABOUT_LENT": about_lent(flow),
        "BITS": _about_bits(flow),
        "COLUMNS": _words(model.columns),
        "CONTEXT": _words(context) or "none",
        "CONTEXT_COUNT": len(context),
        "COUNT": len(model.columns),
        "DECLARED": "\n".join([*declared, *check(flow)]),
        "KIND": kind(flow),
        "LENT_BYTES": constants(flow),
        "LATENT": ", ".join(dict.fromkeys(flow.model.fixed.base.latent)),
        "NAME": flow.name,
        "NOISE": _words(model.noise),
        "NOISE_COUNT": len(model.noise),
        "POINTERS": "\n".join(pointers),
        "REAL": real,
        "STACK": flow.stack,
        "SUPPORT": flow.model.fixed.space,
        "UPPER": flow.name.upper(),
        "TYPE": flow.struct,
        "UPPER_TYPE": flow.struct.upper(),
        "VERSION": VERSION,
    }
    template = files(__package__).joinpath("flow.h.in").read_text()
    return filled(template, {word: str(value) for word, value in values.items()})


def _about_context(flow: CFlow) -> str:
    if flow.model.flow.context:
        return f"`context` is n rows of {flow.name.upper()}_CONTEXT numbers."
    return "`context` may be NULL: the flow has none."


def _about_bits(flow: CFlow) -> str:
    if flow.exact_bits:
        return (
            "Every compiler, instruction set and WebAssembly gives the same bits, one row\n"
            "alone or in a batch of any size."
        )
    return "Products and sums are fused where the machine can, so that last digits may differ."


def _words(names: Sequence[str]) -> str:
    return in_comment(", ".join(names))
