"""A transform run backwards: what `inverse { ... }` makes of each of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import component
from flowspec.support.space import Image, Space
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class Inverse(Transform):
    """y = f^-1(x), for the transform f.   Slope: 1 / f'(y)."""

    examples = ("inverse { Sigmoid }", "inverse { Affine([1, 2, 3], 2) }")
    before = "Uniform(0, 1)[3]"
    form = "inverse"

    transform: Transform = component()

    @property
    def takes_scalars(self) -> bool:  # type: ignore[override]  # that of the inner one
        return self.transform.takes_scalars

    @property
    def has_reach(self) -> bool:  # type: ignore[override]  # that of the inner one
        return self.transform.has_reach

    @property
    def title(self) -> str:
        return f"the inverse of {self.transform.title}"

    @property
    def gains(self) -> int:
        return -self.transform.gains

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        return self.transform.check_image_coordinates(space, giver)

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        return self.transform.check_consistency(space)

    def domain_for(self, space: Space) -> Space:
        return self.transform.range_for(space)

    def range_for(self, space: Space) -> Space:
        return self.transform.domain_for(space)

    def image(self, space: Space) -> Image:
        return self.transform.preimage(space)

    def preimage(self, space: Space) -> Image:
        return self.transform.image(space)

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        return self.transform.straight(before)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_det = self.transform.inverse_and_log_det(ops, x)
        return y, -log_det

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_det = self.transform.forward_and_log_det(ops, y)
        return x, -log_det
