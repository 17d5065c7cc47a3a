"""Objects by their names, and their weights from files: nothing is unpickled."""

from __future__ import annotations

import importlib
import inspect
import pickle
import struct
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.model.weights import UnreadableWeights

DAMAGED = (OSError, SafetensorError, RuntimeError, EOFError, ValueError, LookupError, struct.error)
"""What the readers of weights raise."""


@mistake
class ObjectNotFound(Diagnostic):
    message = "there is no flow at `{name}`: {reason}"
    help = "write MODULE:OBJECT, such as `my_project.flows:flow`; OBJECT is a flow or a function that makes one"
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
        raise FlowError(
            ObjectNotFound(name=name, reason="it needs a colon between module and object")
        )
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: modules beside which the command is run
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        raise FlowError(ObjectNotFound(name=name, reason=f"no module `{error.name}`")) from None
    except AttributeError:
        raise FlowError(
            ObjectNotFound(name=name, reason=f"`{module_name}` has no `{path}`")
        ) from None
    if isinstance(found, nn.Module) or not callable(found):
        made = found
    else:
        try:
            inspect.signature(found).bind()
        except TypeError as error:
            raise FlowError(
                ObjectNotFound(name=name, reason=f"it cannot be called without arguments ({error})")
            ) from None
        made = found()
    if not isinstance(made, nn.Module):
        raise FlowError(ObjectNotFound(name=name, reason=f"it is a {type(made).__name__}"))
    return made


def load_state(module: nn.Module, path: Path) -> None:
    """Put the weights of a file into a module of torch.

    Errors:  FlowError, where the file cannot be read without unpickling, or does not fit.
    """
    try:
        state = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except (
        OSError,
        SafetensorError,
        RuntimeError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        LookupError,
        struct.error,
    ) as error:
        plain = isinstance(error, pickle.UnpicklingError)
        reason = (
            "it holds more than weights"
            if plain
            else getattr(error, "strerror", None) or "it is no file of weights"
        )
        raise FlowError(UnreadableWeights(where=str(path), reason=str(reason).lower())) from None
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise FlowError(
            StateMismatch(where=str(path), reason=lines[1] if len(lines) > 1 else lines[0])
        ) from None
