"""Objects by their names, and their weights from files: nothing is unpickled."""

from __future__ import annotations

import importlib
import inspect
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.model.weights import UnreadableWeights

UNREADABLE = (
    OSError,
    SafetensorError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    struct.error,
    pickle.UnpicklingError,
)
"""Errors that the readers of weights raise."""


@mistake
class ObjectNotFound(Diagnostic):
    message = "there is no flow at `{name}`: {reason}"
    help = (
        "write MODULE:OBJECT, such as `my_project.flows:flow`; "
        "OBJECT is a flow or a function that makes one"
    )
    name: str
    reason: str


@mistake
class StateMismatch(Diagnostic):
    message = "the weights do not fit the flow: {reason}"
    help = "make the flow with the settings that it was trained with"
    reason: str


def load_object(name: str) -> nn.Module:
    """The module of torch that MODULE:OBJECT names; a function is called.

    Errors:  FlowError, where there is none.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        reason = "it needs a colon between module and object"
        raise FlowError(ObjectNotFound(name=name, reason=reason))
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: modules beside which the command is run
    try:
        named = _named(module_name, path)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        raise FlowError(ObjectNotFound(name=name, reason=f"no module `{error.name}`")) from None
    except AttributeError:
        reason = f"`{module_name}` has no `{path}`"
        raise FlowError(ObjectNotFound(name=name, reason=reason)) from None
    flow = named if isinstance(named, nn.Module) or not callable(named) else _called(named, name)
    if not isinstance(flow, nn.Module):
        raise FlowError(ObjectNotFound(name=name, reason=f"it is a {type(flow).__name__}"))
    return flow


def _named(module_name: str, path: str) -> Any:
    value: Any = importlib.import_module(module_name)
    for attribute in path.split("."):
        value = getattr(value, attribute)
    return value


def _called(function: Callable[[], Any], name: str) -> Any:
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        reason = f"it cannot be called without arguments ({error})"
        raise FlowError(ObjectNotFound(name=name, reason=reason)) from None
    return function()


def load_state(module: nn.Module, path: Path) -> None:
    """Put the weights of a file into a module of torch.

    Errors:  FlowError, where the file cannot be read without unpickling, or does not fit.
    """
    try:
        state = _read(path)
    except UNREADABLE as error:
        reason = str(getattr(error, "strerror", None) or "it is no file of weights").lower()
        if isinstance(error, pickle.UnpicklingError):
            reason = "it holds more than weights"
        raise FlowError(UnreadableWeights(where=str(path), reason=reason)) from None
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[1] if len(lines) > 1 else lines[0]
        raise FlowError(StateMismatch(where=str(path), reason=reason)) from None


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
