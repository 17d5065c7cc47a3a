"""A widget: the parameters of a flow as sliders, and its samples beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import anywidget
import numpy as np
import traitlets

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.flow import Flow
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.parts.trees import values
from flowspec.plots.flow import drawn_from

MOST_SLIDERS = 12
SAMPLES = 2000

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Number:
    """A number of a flow that a slider moves.

    path   where it stands in the JSON of the flow
    """

    label: str
    path: Path
    value: float

    def slider(self) -> dict[str, Any]:
        """The slider: as far again as the number is large, or 3."""
        reach = max(abs(self.value), 1.0) * 3
        low, high = self.value - reach, self.value + reach
        return {"label": self.label, "value": self.value, "low": low, "high": high}


def numbers(flow: Flow) -> Iterator[Number]:
    """The numbers that are written in a flow, and the starts of those that it learns."""
    data = flow.to_json()
    for prefix, component in flow.components:
        for label, *_ in values(component, prefix):
            path: Path = tuple(int(key) if key.isdigit() else key for key in label.split("."))
            value = _at(data, path)
            if isinstance(value, dict) and "learn" in value:
                path, value = (*path, "learn", "init"), value["learn"]["init"]
            if isinstance(value, list):
                for index, each in enumerate(value):
                    if _is_number(each):
                        yield Number(f"{label}[{index}]", (*path, index), float(each))
            elif _is_number(value):
                yield Number(label, path, float(value))


def moved(flow: Flow, places: dict[Path, float]) -> Flow:
    """The flow with other numbers.

    Errors:  FlowError, where it is none with these.
    """
    data = flow.to_json()
    for path, value in places.items():
        *before, last = path
        _at(data, tuple(before))[last] = value
    for part in (data["base"], *data["steps"]):  # derived anew
        part.pop("output", None)
    return from_json(data)


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Explorer(anywidget.AnyWidget):
    """Sliders for the numbers of a flow, and samples that follow them.

    .flow   the flow as it is now

    Numbers for which there is no flow are told, and the samples stay as they were. Of a flow with
    many numbers the first ones have sliders; of many columns the first two are drawn.
    """

    _esm = files("flowspec.notebook").joinpath("explorer.js").read_text()
    _css = files("flowspec.notebook").joinpath("explorer.css").read_text()
    sliders: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    chosen = traitlets.List(traitlets.Float()).tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    samples = traitlets.Bytes().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, flow: Flow, samples: int = SAMPLES, seed: int = 0) -> None:
        super().__init__()
        self.flow = flow
        self._start, self._count, self._seed = flow, samples, seed
        self._numbers = list(numbers(flow))[:MOST_SLIDERS]
        self.columns = list(flow.columns[:2])
        self.sliders = [number.slider() for number in self._numbers]
        self._draw()
        self.chosen = [number.value for number in self._numbers]

    @traitlets.observe("chosen")
    def _follow(self, change: Any) -> None:
        places = {
            number.path: value for number, value in zip(self._numbers, change["new"], strict=True)
        }
        try:
            self.flow = moved(self._start, places)
            self._draw()
            self.message = ""
        except FlowError as error:
            self.message = error.diagnostics[0].message

    def _draw(self) -> None:
        drawn = drawn_from(Model(self.flow, {}), self._count, self._seed)
        shown = drawn.reshape(self._count, -1)[:, : len(self.columns)]
        self.samples = np.ascontiguousarray(shown.T, "<f4").tobytes()


def explore(flow: Flow, samples: int = SAMPLES, *, seed: int = 0) -> Explorer:
    """A widget with the numbers of a flow as sliders, and so many of its samples."""
    return Explorer(flow, samples, seed)
