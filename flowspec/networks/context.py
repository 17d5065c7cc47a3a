"""The context as networks see it: its variables, brought to one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Learn, Value, varies
from flowspec.support.support import POSITIVE


@dataclass(frozen=True, eq=False)
class StandardContext:
    """(context - location) / scale, measured once from the training data and then fixed:
    (C, N) to (C, N).

    A network learns badly from variables of other sizes than 1. Arguments in the pipeline
    (`Scale(z)`) get them as they are.
    """

    location: Value = parameter(Learn(0.0, trained=False), doc="mean of the training data")
    scale: Value = parameter(
        Learn(1.0, trained=False), within=POSITIVE, doc="standard deviation of the training data"
    )

    @classmethod
    def of(cls, context_size: int) -> StandardContext:
        """For so many variables; until it is measured, it changes nothing."""
        return cls(
            Learn(np.zeros(context_size), trained=False),
            Learn(np.ones(context_size), trained=False),
        )

    def run(self, ops: Ops, context: Array) -> Array:
        """The context as networks see it."""
        return (context - self.location) / self.scale

    @property
    def idle(self) -> bool:
        """True if it is known to change nothing."""
        values = (self.location, self.scale)
        return (
            not any(map(varies, values))
            and not np.any(self.location)
            and bool(np.all(np.equal(self.scale, 1.0)))
        )
