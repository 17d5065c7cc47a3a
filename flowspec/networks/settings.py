"""Settings that every component with a network shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.activations import activation_names
from flowspec.parts import mistakes
from flowspec.parts.fields import setting
from flowspec.parts.limits import LARGEST_NETWORK, WIDEST_LAYER


def hidden_layers() -> tuple[int, ...]:
    """The setting `hidden`."""
    return setting(
        (64, 64), kind=tuple, low=1, high=WIDEST_LAYER, doc="widths of the hidden layers"
    )


def too_large(widths: Sequence[int]) -> Iterator[Diagnostic]:
    """The mistake of a network of too many weights."""
    weights = sum(a * b for a, b in pairwise(widths))
    if weights > LARGEST_NETWORK:
        yield mistakes.NetworkTooLarge(field="hidden", weights=weights, limit=LARGEST_NETWORK)


def activation_name(default: str = "relu") -> str:
    """The setting `activation`."""
    return setting(
        default, kind=str, choices=activation_names(), doc="what follows each hidden layer"
    )


def normalizes() -> bool:
    """The setting `normalize`."""
    return setting(False, kind=bool, doc="normalize the features behind each hidden layer?")
