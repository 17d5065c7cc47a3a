"""Masked networks whose inputs become known one after the other: a form for writers that can keep
what they have worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class StagedLayer:
    """A layer, whose units and inputs stand in the order of the stages at which they are known.

    matrix       (units, inputs); 0 where a unit may not see an input
    bias         (units,)
    activation   its name, and its formula over `ops`
    ends         the number of units that are known at each stage
    """

    matrix: NDArray[Any]
    bias: NDArray[Any]
    activation: tuple[str, Callable[[Any, Any], Any]]
    ends: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class StagedNetwork:
    """A masked network, stage by stage.

    layers    the last one gives the same number of outputs at each stage
    known     the number of inputs that are known at each stage
    """

    layers: tuple[StagedLayer, ...]
    known: tuple[int, ...]

    @property
    def outputs(self) -> int:
        """The number of outputs of a stage."""
        return self.layers[-1].ends[0]

    def run(self, ops: Any, x: Any, stage: int) -> Any:
        """The outputs of a stage, (outputs, N), from inputs of which those are right that are known
        at it: all units are worked out anew.
        """
        for layer in self.layers:
            x = layer.activation[1](ops, ops.linear(layer.matrix, x, layer.bias.reshape(-1, 1)))
        return x[stage * self.outputs : (stage + 1) * self.outputs]
