"""Parameters that the float type of the graphs cannot hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.constants import component_of, constants
from flowspec.ir.pipeline import Pipeline
from flowspec.ops.tape import Tape
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


@mistake
class ConstantBeyondFloat(Diagnostic):
    message = "{part} reckons with {number}, which {dtype} cannot hold"
    note = "its largest number is {largest}"
    help = "{advice}"
    part: str
    number: str
    dtype: str
    largest: str
    advice: str


def check_constants(flow: Pipeline, tapes: Iterable[Tape], dtype: str) -> None:
    """Refuse numbers that follow from parameters, and would become infinite.

    Errors:   FlowError, with the first.
    """
    largest = float(np.finfo(dtype).max)
    for tape in tapes:
        for entry, constant in constants(tape):
            if entry.dtype == dtype and (beyond := _beyond(constant, largest)):
                path = component_of(entry)
                component = dict(flow.components).get(path)
                raise FlowError(
                    ConstantBeyondFloat(
                        where=path,
                        part=type(component).__name__ if component else "the flow",
                        number=f"{beyond:g}",
                        dtype=dtype,
                        largest=f"{largest:.2g}",
                        advice=_advice(dtype),
                    )
                )


def _beyond(constant: np.ndarray | float, largest: float) -> float:
    """A finite number beyond the largest, 0 if there is none."""
    sizes = np.abs(np.asarray(constant))
    if sizes.dtype.kind != "f":
        return 0.0
    # What rounds to the largest is held.
    lost = np.isfinite(sizes) & (sizes > largest * (1 + 1e-8))
    return float(sizes[lost].flat[0]) if lost.any() else 0.0


def check_numbers(flow: Pipeline, dtype: str) -> None:
    """Refuse parameters that would become infinite, or 0, in the float type.

    Errors:   FlowError, with every one of them.
    """
    if mistakes := list(_mistakes(flow, dtype)):
        raise FlowError(mistakes)


def _mistakes(flow: Pipeline, dtype: str) -> Iterator[Diagnostic]:
    limits = np.finfo(dtype)
    advice = _advice(dtype)
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


def _advice(dtype: str) -> str:
    if dtype == "float32":
        return 'compile it with `--dtype float64` (in Python `dtype="float64"`)'
    return "write the flow in other units"
