"""Warnings of flows that training cannot bend to the data."""

from __future__ import annotations

from collections.abc import Iterator

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.ir.flow import Flow


@mistake
class OnlyGaussian(Diagnostic):
    level = "warning"
    message = "{columns} can only be Gaussian, whatever is trained"
    label = "is affine in {columns}, and nothing else decides how"
    note = "an affine function of a normal number is a normal number"
    help = "use steps that bend: `NSF({size})` in place of `MAF({size})`, or `{univariate}` in them"
    columns: str
    size: int
    univariate: str = "Autoregressive(RQS(bins=8))"


def warnings(flow: Flow) -> Iterator[Diagnostic]:
    """Coordinates whose distribution has one shape, in a flow that is trained to have any.

    A Gaussian that is written as one is what its writer wants; given a context it is a
    regression.
    """
    bending = [step for step in flow.steps if step.transform.has_reach]
    if not bending or flow.context is not None or not flow.base.is_gaussian:
        return
    straight: tuple[bool, ...] = (True,) * flow.base.space.size
    for step in flow.steps:
        straight = step.transform.straight(straight)
    names = [name for name, is_straight in zip(flow.columns, straight, strict=True) if is_straight]
    if names:
        listed = ", ".join(f"`{name}`" for name in names[:8])
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        yield OnlyGaussian(span=bending[-1].span, columns=listed + more, size=flow.space.size)
