"""What the header of a flow says of memory: of the stack, and of what callers lend."""

from __future__ import annotations

import hashlib

from flowspec.export.c.flow import CFlow, Entry


def about_memory(flow: CFlow, entry: Entry) -> str:
    """The memory of a function, in words."""
    stack = f"It takes at most {flow.stack_of(entry)} bytes of the stack"
    return f"{stack}, {flow.scratch_of(entry)} of scratch." if flow.lent.scratch else f"{stack}."


def kind(flow: CFlow) -> str:
    """The flows that have the same struct of pointers."""
    text = f"flow of {flow.file.real} numbers"
    lent = " and ".join(flow.lent.parameters)
    return f"{text} that takes {lent}" if lent else text


def constants(flow: CFlow) -> str:
    """The constants of what callers lend, a line each."""
    upper, weights, lines = flow.name.upper(), flow.lent.weights, list[str]()
    if weights:
        digest = hashlib.sha256(weights.data).hexdigest()
        lines.append(f"#define {upper}_WEIGHTS_BYTES {len(weights.data)}")
        lines.append(f'#define {upper}_WEIGHTS_DIGEST "{digest}"')
    if flow.lent.scratch:
        lines.append(f"#define {upper}_SCRATCH_BYTES {flow.scratch}")
    return "".join(f"{line}\n" for line in lines)


def about_lent(flow: CFlow) -> str:
    """The paragraphs about what callers lend."""
    paragraphs = []
    if flow.lent.weights:
        paragraphs.append(_about_weights(flow))
    if flow.lent.scratch:
        paragraphs.append(
            f"`scratch` points to {flow.name.upper()}_SCRATCH_BYTES bytes from an address that is "
            "a multiple of 64, for a call to work in: what stands there does not matter, before it "
            "or after it. Calls at the same time need memory each of its own."
        )
    return "".join("\n\n" + wrapped(text).replace("\n   ", "\n") for text in paragraphs)


def _about_weights(flow: CFlow) -> str:
    name, upper = flow.name, flow.name.upper()
    size = flow.file.constants.dtype.itemsize
    return (
        f"`weights` points to the content of {name}.weights, read or mapped into memory: "
        f"{upper}_WEIGHTS_BYTES bytes from an address that is a multiple of 64. They are "
        f"{flow.file.real} numbers in little-endian order: on a machine of the other order, turn "
        f"the {size} bytes of each around. {name}_weights_check tells whether they are right; the "
        f"other functions do not look. {upper}_WEIGHTS_DIGEST is the SHA-256 of the file."
    )


def check(flow: CFlow) -> list[str]:
    """The declaration of the function that looks at weights."""
    if flow.lent.weights is None:
        return []
    doc = (
        "0 where these are the weights of the flow; 1 where they do not begin at a multiple of "
        f"64, 2 where they are not {flow.name.upper()}_WEIGHTS_BYTES bytes, 3 where they are other "
        "bytes, or in the order of another machine."
    )
    signature = f"int {flow.name}_weights_check(const void *weights, size_t size);"
    return [f"/* {wrapped(doc)} */\n{signature}"]


def wrapped(text: str) -> str:
    """A text in lines, as in a comment."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 92:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    return "\n   ".join([*lines, line])
