"""What a training makes small."""

from __future__ import annotations

from collections.abc import Callable

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


class Likelihood(nn.Module):
    """The sum of the negative log-likelihoods of some rows, each times its weight."""

    advice = "lower the learning rate, or look for rows far from all others"

    def __init__(self, module: FlowModule, compiled_rows: int = 0):
        """compiled_rows: for so many rows `torch.compile` makes one graph; each other number would need its own."""
        super().__init__()
        self.flow = module
        self._compiled_rows = compiled_rows
        self._compiled = torch.compile(self._sum, dynamic=False) if compiled_rows else self._sum

    def forward(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        compiled = len(values) == self._compiled_rows and torch.is_grad_enabled()
        return (self._compiled if compiled else self._sum)(values, context, weights)

    def _sum(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        losses = -self.flow(context).log_prob(values)
        return (losses if weights is None else losses * weights).sum()


class ReverseKL(nn.Module):
    """The sum of log q(x) - log p(x) over samples x of the flow q, for a density p that is known up to a constant.

    Source: Variational Inference with Normalizing Flows, Rezende and Mohamed, 2015, arXiv:1505.05770, equation 15.
    """

    advice = "lower the learning rate, or end the flow in the support of `log_density`"

    def __init__(self, module: FlowModule, log_density: LogDensity):
        super().__init__()
        self.flow = module
        self._log_density = log_density

    def forward(self, noise: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        x, log_prob = self.flow(context).from_noise(noise)
        given = (x,) if context is None else (x, context)
        log_density = self._log_density(*given)
        if not isinstance(log_density, Tensor) or log_density.shape != log_prob.shape:
            found = (
                tuple(log_density.shape)
                if isinstance(log_density, Tensor)
                else type(log_density).__name__
            )
            what, advice = (
                f"`log_density` gave {found} for {len(x)} rows",
                f"give a tensor of shape ({len(x)},)",
            )
            raise FlowError(WrongInput(what=what, advice=advice))
        if torch.is_grad_enabled() and not log_density.requires_grad:
            advice = "compute it of x with functions of torch, and do not `detach` it"
            raise FlowError(
                WrongInput(what="what `log_density` gave has no gradient", advice=advice)
            )
        return (log_prob - log_density).sum()


def check_gradients(flow: Flow, module: FlowModule) -> None:
    """Raise a `FlowError` where samples of the flow have no gradients: its base is no smooth function of its noise."""
    context = torch.zeros(1, len(flow.context.names)) if flow.context else None
    if not module(context).has_rsample:
        raise FlowError(NoGradients(base=flow.base.title))
