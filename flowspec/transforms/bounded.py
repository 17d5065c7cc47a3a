"""Maps of the real line onto a bounded interval, undone from the distances to its two ends.

Near an end the distance to it decides about the result. `y` alone holds it with all its
digits only where the end is 0; after a scale and a shift it is lost before it is asked
for, unless both are undone in one step (`flowspec.model.ends`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.values import Value
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class Bounded(Univariate):
    """A map onto the inside of `codomain`, which has two ends."""

    @abstractmethod
    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Operand]:
        """x and the log-slope there, from the distances of y to its ends.

        above   of y from the lower end, with all its digits
        below   of y from the upper end, the same
        width   above + below: the codomain may be stretched
        log_scale   what stretching adds to the log-slope
        """


@dataclass(frozen=True, eq=False)
class FromBounded(Univariate):
    """The inverse of a bounded map, under a name of its own."""

    inverse_of: ClassVar[type[Bounded]]
