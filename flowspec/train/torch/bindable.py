"""The protocol of a module whose flow can be bound to torch's interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from torch import Tensor, nn

from flowspec.ir.flow import Flow
from flowspec.model.binding import BoundFlow
from flowspec.ops.torch import TorchOps


class Bindable(Protocol):
    """A module with a flow: all that its distribution needs to know of it."""

    flow: Flow

    def bound(self, like: Tensor, context: Tensor | None) -> tuple[TorchOps, BoundFlow]:
        """The interpreter for tensors like `like`, and the flow bound for it. context is (C, N)."""

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]: ...

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]: ...


def first_tensor(module: Bindable | nn.Module) -> Tensor | None:
    """A tensor of the module's dtype and device, if it has one."""
    return next(chain(module.parameters(), module.buffers()), None)
