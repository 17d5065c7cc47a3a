"""Gradients made shorter where they are too long, as `torch.nn.utils.clip_grad_norm_` does."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


@torch.no_grad()
def clip_gradients(weights: Iterable[Tensor], longest: float) -> float:
    """The norm of all gradients together; where it is above `longest` they are scaled down to it.

    Gradients that are short enough are not multiplied by 1.
    """
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    if not gradients:
        return 0.0
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    length: float = norm.item()
    if not length <= longest:
        torch._foreach_mul_(gradients, torch.clamp(longest / (norm + 1e-6), max=1.0))
    return length
