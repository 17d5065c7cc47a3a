"""What the graphs of gradients give, and the cotangents that go into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

Rows = NDArray[Any]


@mistake
class UnlikeRows(Diagnostic):
    message = "`{name}` has {found} rows, and `noise` {rows}"
    help = "give a row of it for each row of noise"
    name: str
    found: int
    rows: int


class DensityGradient(NamedTuple):
    """The log-density and its derivatives; without a context those of it are None."""

    log_prob: Rows
    x_grad: Rows
    context_grad: Rows | None


class NoiseGradient(NamedTuple):
    """Points, their log-densities, and the vector-Jacobian products; without a context that of it
    is None.
    """

    x: Rows
    log_prob: Rows
    noise_grad: Rows
    context_grad: Rows | None


def check_rows(cotangents: Mapping[str, Rows], rows: int) -> None:
    """Raise a `FlowError` where there is not one cotangent for each row of noise."""
    for name, values in cotangents.items():
        if len(values) != rows:
            raise FlowError(UnlikeRows(name=name, found=len(values), rows=rows))
