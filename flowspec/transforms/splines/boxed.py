"""Steps that act inside an interval around 0 and are the identity outside."""

from __future__ import annotations

from flowspec.support.support import Interval
from flowspec.transforms.transform import Univariate


class Boxed(Univariate):
    """A map of [-bound, bound] onto itself, the identity outside."""

    bound: float

    @property
    def box(self) -> Interval:
        return Interval(-self.bound, self.bound, True, True)

    def image_when_varying(self, interval: Interval) -> Interval:
        # Inside the box anything can happen; outside nothing does.
        inside = self.box.contains(Interval(interval.low, interval.high)) or interval.touches(
            self.box
        )
        return interval.hull(self.box) if inside else interval

    preimage_when_varying = image_when_varying
