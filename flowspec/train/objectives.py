"""Losses: the negative log-likelihood, and the reverse KL divergence."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.flow import Flow
from flowspec.train.torch.module import FlowModule

LogDensity = Callable[..., Tensor]
"""(x) or, for a conditional flow, (x, context) -> the log-density of each row, up to a constant."""


@mistake
class NoGradients(Diagnostic):
    message = "samples of {base} have no gradients, and reverse KL trains through samples"
    help = "start from a base such as `Normal(0, 1)`"
    base: str


@mistake
class WrongLogDensity(WrongInput):
    message = "`log_density` gave {result} for {rows:row}"
    help = "give a tensor of shape ({rows},)"
    result: object
    rows: int


@mistake
class DetachedLogDensity(WrongInput):
    message = "what `log_density` gave has no gradient"
    help = "compute it of x with functions of torch, and do not `detach` it"


class Objective(nn.Module):
    """A loss: (values, context, weights) -> the sum of the losses of some rows.

    advice   help for a loss that is not finite
    """

    advice: ClassVar[str]


class Likelihood(Objective):
    """The sum of the negative log-likelihoods of some rows, each times its weight."""

    advice = "lower the learning rate, or look for rows far from all others"

    def __init__(self, module: FlowModule, compiled_rows: int = 0):
        """The loss of a module.

        compiled_rows   the number of rows for which `torch.compile` makes one graph; each other
                        number would need its own
        """
        super().__init__()
        self.flow = module
        self._compiled_rows = compiled_rows
        self._compiled = torch.compile(self._sum, dynamic=False) if compiled_rows else self._sum

    def forward(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        compiled = len(values) == self._compiled_rows and torch.is_grad_enabled()
        loss: Tensor = (self._compiled if compiled else self._sum)(values, context, weights)
        return loss

    def _sum(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        losses = -self.flow(context).log_prob(values)
        loss: Tensor = (losses if weights is None else losses * weights).sum()
        return loss


class ReverseKL(Objective):
    """The sum of log q(x) - log p(x) over samples x of the flow q.

    p is a density that is known up to a constant.

    Source: Variational Inference with Normalizing Flows, Rezende and Mohamed, 2015,
    arXiv:1505.05770, equation 15.
    """

    advice = "lower the learning rate, or end the flow in the support of `log_density`"

    def __init__(self, module: FlowModule, log_density: LogDensity):
        super().__init__()
        self.flow = module
        self._log_density = log_density

    def forward(self, noise: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        x, log_prob = self.flow(context).from_noise(noise)
        log_density = self._log_density(*((x,) if context is None else (x, context)))
        _check_log_density(log_density, log_prob)
        loss: Tensor = (log_prob - log_density).sum()
        return loss


def _check_log_density(log_density: object, log_prob: Tensor) -> None:
    """Raise a `FlowError` where it is no tensor of the right shape, or has no gradient."""
    if not isinstance(log_density, Tensor) or log_density.shape != log_prob.shape:
        result: object = type(log_density).__name__
        if isinstance(log_density, Tensor):
            result = tuple(log_density.shape)
        raise FlowError(WrongLogDensity(result=result, rows=len(log_prob)))
    if torch.is_grad_enabled() and not log_density.requires_grad:
        raise FlowError(DetachedLogDensity())


def check_gradients(flow: Flow, module: FlowModule) -> None:
    """Raise a `FlowError` where samples of the flow have no gradients.

    The base of such a flow is no smooth function of its noise.
    """
    context = torch.zeros(1, len(flow.context.names)) if flow.context else None
    if not module(context).has_rsample:
        raise FlowError(NoGradients(base=flow.base.title))
