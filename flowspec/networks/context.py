"""The context as networks see it: its variables, brought to one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.networks.inputs import features
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.measuring import location_and_scale
from flowspec.parts.values import Learn, Value, varies
from flowspec.support.support import POSITIVE


@dataclass(frozen=True, eq=False)
class StandardContext:
    """(context - location) / scale, measured once from the training data and then fixed, and an
    angle as its cosine and sine: (C, N) to (features, N).

    A network learns badly from variables of other sizes than 1. Arguments in the pipeline
    (`Scale(z)`) get them as they are.
    """

    location: Value = parameter(Learn(0.0, trained=False), doc="mean of the training data")
    scale: Value = parameter(
        Learn(1.0, trained=False), within=POSITIVE, doc="standard deviation of the training data"
    )

    rates: tuple[float, ...] = ()
    """The factor that turns each variable into an angle, as `angular_rates` gives it."""

    @classmethod
    def of(cls, rates: Sequence[float]) -> StandardContext:
        """For variables of these rates; until it is measured, it leaves numbers as they are."""
        return cls(
            Learn(np.zeros(len(rates)), trained=False),
            Learn(np.ones(len(rates)), trained=False),
            tuple(rates),
        )

    def run(self, ops: Ops, context: Array) -> Array:
        """The context as networks see it."""
        return features(ops, (context - self.location) / self.scale, self.rates)

    def measurements(
        self, context: np.ndarray, weights: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Location and scale of a context (C, N) of numbers; angles stay as they are."""
        measured = location_and_scale(context, weights)
        is_angle = np.asarray(self.rates) != 0
        return {
            "location": np.where(is_angle, 0.0, measured["location"]),
            "scale": np.where(is_angle, 1.0, measured["scale"]),
        }

    @property
    def idle(self) -> bool:
        """True if it is known to change nothing."""
        values = (self.location, self.scale)
        return (
            not any(self.rates)
            and not any(map(varies, values))
            and not np.any(self.location)
            and bool(np.all(np.equal(self.scale, 1.0)))
        )
