"""Parameters that the float type of the graphs cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.pipeline import Pipeline
from flowspec.parts.trees import values


@mistake
class BeyondFloat(Diagnostic):
    message = "`{field}` of {part} is {number}, which {dtype} cannot hold"
    note = "its numbers have sizes from {least} to {largest}"
    help = "{advice}"
    field: str
    part: str
    number: str
    dtype: str
    least: str
    largest: str
    advice: str


def check_numbers(flow: Pipeline, dtype: str) -> None:
    """Refuse parameters that would become infinite, or 0, in the float type.

    Errors:   FlowError, with every one of them.
    """
    if mistakes := list(_mistakes(flow, dtype)):
        raise FlowError(mistakes)


def _mistakes(flow: Pipeline, dtype: str) -> Iterator[Diagnostic]:
    limits = np.finfo(dtype)
    advice = (
        'compile it with `--dtype float64` (in Python `dtype="float64"`)'
        if dtype == "float32"
        else "write the flow in other units"
    )
    for prefix, component in flow.components:
        for path, owner, name, value in values(component, prefix):
            if not isinstance(value, float | np.ndarray):
                continue
            sizes = np.abs(np.asarray(value, float))
            lost = np.isfinite(sizes) & (
                (sizes > limits.max) | ((sizes > 0) & (sizes < limits.tiny))
            )
            # Small numbers among larger ones are the zeros of a matrix, not a lost scale.
            if lost.any() and (np.any(sizes[lost] > 1) or lost.all()):
                number = f"{np.asarray(value, float)[lost].flat[0]:g}"
                yield BeyondFloat(
                    where=path,
                    field=name,
                    part=type(owner).__name__,
                    number=number,
                    dtype=dtype,
                    least=f"{float(limits.tiny):.2g}",
                    largest=f"{float(limits.max):.2g}",
                    advice=advice,
                )
