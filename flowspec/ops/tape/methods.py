"""Methods of the recorder, made from the names of operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from flowspec.ops.numpy import REFERENCE
from flowspec.ops.tape.recorded import holds_data
from flowspec.ops.vocabulary import Array


def of_data(method: Callable[..., Any]) -> Callable[..., Array]:
    """The method where data is involved; else the reference works it out at once."""

    @wraps(method)
    def chosen(self: Any, *values: Any) -> Any:
        if holds_data(values):
            return method(self, *values)
        return getattr(REFERENCE, method.__name__)(*values)

    return chosen


def elementwise_method(name: str, dtype: np.dtype[Any] | None = None) -> Callable[..., Array]:
    def method(self: Any, *values: Any) -> Any:
        return self.elementwise(name, *values, dtype=dtype)

    method.__name__ = name
    return of_data(method)
