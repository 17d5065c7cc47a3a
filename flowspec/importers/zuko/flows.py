"""zuko flows to models.

zuko composes its transforms from data to base; in FlowSpec they stand the other way round. Where
zuko's flow is no distribution over all that its base gives (an image that is cut off), the model is
one, and equals it wherever zuko is consistent with itself: see `ContinuedSoftclip`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import zuko
from numpy.typing import NDArray
from torch import nn
from zuko.lazy import LazyComposedTransform
from zuko.mixtures import GMM

from flowspec.importers.zuko.bases import base_context_size, base_of
from flowspec.importers.zuko.networks import refused
from flowspec.importers.zuko.transforms import Imported, context_size_of, transform_of
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Declaration
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.support.space import Space
from flowspec.support.support import REAL
from flowspec.transforms.learned.conditioned import Conditioned


def from_zuko(flow: nn.Module) -> Model:
    """A trained zuko flow as a model with the same densities and samples.

    Errors:  FlowError, where the flow holds something without a counterpart; the message names it.
    Example:
        >>> import zuko
        >>> from flowspec.importers import from_zuko
        >>> model = from_zuko(zuko.flows.NSF(3, context=2))
        >>> model.log_prob([0.0, 0.0, 0.0], context=[1.0, 2.0]).shape
        (1,)
    """
    if not isinstance(flow, zuko.lazy.Flow | GMM):
        advice = "give a flow of zuko.flows, a zuko.lazy.Flow or a GMM"
        raise refused(f"a {type(flow).__name__}", advice)
    transforms = list(_flat(flow.transform))[::-1] if isinstance(flow, zuko.lazy.Flow) else []
    base, base_weights = base_of(flow.base if isinstance(flow, zuko.lazy.Flow) else flow)
    size = base.event_shape[0]
    with torch.no_grad():
        steps = [transform_of(transform, size) for transform in transforms]
    sizes = [context_size_of(transform, size) for transform in transforms]
    context_size = max(base_context_size(base_weights), *sizes, 0)
    _refuse_partial_context(steps, sizes, context_size)
    made = assemble(base, [step.transform for step in steps], _context(context_size))
    return Model(made, as_weights(made, _weights(made, base_weights, steps)))


def _flat(transform: nn.Module) -> Iterator[nn.Module]:
    if isinstance(transform, LazyComposedTransform):
        for inner in transform.transforms:
            yield from _flat(inner)
    else:
        yield transform


def _refuse_partial_context(
    steps: Sequence[Imported], sizes: Sequence[int], context_size: int
) -> None:
    for step, size in zip(steps, sizes, strict=True):
        if size < context_size and isinstance(step.transform, Conditioned):
            what = "a flow in which some steps take the context and others do not"
            raise refused(what, "give all of them the context")


def _context(size: int) -> Declaration | None:
    names = tuple(f"c{i}" for i in range(size))
    return Declaration(names, Space((REAL,) * size)) if size else None


def _weights(
    flow: Flow, base_weights: dict[str, NDArray[Any]], steps: Sequence[Imported]
) -> dict[str, NDArray[Any]]:
    """All weights by their paths in the flow.

    zuko's networks take the context as it is: the values that would bring it to one scale stay as
    they start.
    """
    weights = {f"base.{path}": value for path, value in base_weights.items()}
    for i, step in enumerate(steps):
        weights |= {f"steps.{i}.{path}": value for path, value in step.weights.items()}
    for path, value in flow.learned().items():
        if path.startswith("context."):
            weights[path] = np.asarray(value.init)
    return weights
