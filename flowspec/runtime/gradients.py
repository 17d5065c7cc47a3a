"""What the graphs of gradients give, and the cotangents that go into them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowspec.data.rows import vector_rows
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

Rows = NDArray[Any]


@mistake
class UnlikeRows(Diagnostic):
    message = "`{name}` has {found:row}, and `noise` {rows}"
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


def cotangents(x: Rows, log_prob: ArrayLike | None, rows: int) -> dict[str, Rows]:
    """The cotangents of `rows` rows of noise, by name, those of the log-densities 0 by default.

    Errors:  FlowError, where there is not one for each row.
    """
    if log_prob is None:
        log_prob = np.zeros(rows, x.dtype)
    given = {
        "x_cotangent": x,
        "log_prob_cotangent": vector_rows(log_prob, "log_prob_cotangent", x.dtype, ("log_prob",)),
    }
    for name, values in given.items():
        if len(values) != rows:
            raise FlowError(UnlikeRows(name=name, found=len(values), rows=rows))
    return given
