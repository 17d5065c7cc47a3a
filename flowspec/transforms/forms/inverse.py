"""A transform run backwards: what `inverse { ... }` makes of each of its steps."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.parts.fields import part
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class Inverse(Transform):
    """y = f^-1(x), for the transform f.   Slope: 1 / f'(y)."""

    transform: Transform = part()

    @property
    def scalar_too(self):
        return self.transform.scalar_too

    @property
    def image_is_hull(self):
        return self.transform.image_is_hull

    @property
    def title(self):
        return f"the inverse of {self.transform.title}"

    @property
    def gains(self):
        return -self.transform.gains

    def misfits(self, space, giver):
        return self.transform.range_misfits(space, giver)

    def domain_for(self, space):
        return self.transform.range_for(space)

    def range_for(self, space):
        return self.transform.domain_for(space)

    def image(self, space):
        return self.transform.preimage(space)

    def preimage(self, space):
        return self.transform.image(space)

    def forward_and_log_det(self, ops, x):
        y, log_det = self.transform.inverse_and_log_det(ops, x)
        return y, -log_det

    def inverse_and_log_det(self, ops, y):
        x, log_det = self.transform.forward_and_log_det(ops, y)
        return x, -log_det
