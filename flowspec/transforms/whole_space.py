"""Maps of the whole space onto itself that tie all coordinates together."""

from __future__ import annotations

from flowspec.support.space import Image, Space
from flowspec.support.support import REAL
from flowspec.transforms.transform import Transform


class WholeSpace(Transform):
    """A map of R^D onto itself.

    The image of a box is no box: its support is the whole space, and points are tested
    again.
    """

    def domain_for(self, space: Space) -> Space:
        return space.with_supports([REAL] * space.size)

    def image(self, space: Space) -> Image:
        return Image(self.domain_for(space), exact=space.is_real)

    def preimage(self, space: Space) -> Image:
        return Image(self.domain_for(space), exact=space.is_real)
