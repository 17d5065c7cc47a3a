"""The vocabulary over torch tensors: training, gradients, `torch.compile`.

Plain numbers that meet no tensor are worked out by numpy in float64, and stay plain
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from flowspec.ops.indices import evenly
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Ops


def _lifted(name: str, function: Callable[..., Any]) -> Any:
    """The torch function, or numpy's where only plain numbers are given."""
    plain = getattr(REFERENCE, name)

    def lifted(x: Any, *others: Any) -> Any:
        return (
            function(x, *others)
            if isinstance(x, torch.Tensor) or _tensors(*others)
            else plain(x, *others)
        )

    return staticmethod(lifted)


def _tensors(*values: Any) -> bool:
    """True if any of the values is a tensor."""
    for value in values:  # noqa: SIM110  (a generator would take longer than most of the work around it)
        if isinstance(value, torch.Tensor):
            return True
    return False


def _extreme(pair: Callable[..., Any], clamp: Callable[..., Any]) -> Callable[..., Any]:
    """The greater or smaller of two values; `clamp` is the one for a tensor and a number."""

    def extreme(a: Any, b: Any) -> Any:
        if _tensors(a) and _tensors(b):
            return pair(a, b)
        return clamp(a, b) if _tensors(a) else clamp(b, a)

    return extreme


class _ImplicitGamma(torch.autograd.Function):
    """Identity on the logarithm of a gamma draw, with its derivative with respect to the
    concentration."""

    @staticmethod
    def forward(ctx: Any, concentration: torch.Tensor, log_x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(concentration, log_x)
        return log_x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        concentration, log_x = ctx.saved_tensors
        slope = _log_gamma_slope(concentration.expand_as(log_x).contiguous(), log_x)
        return (gradient * slope).sum_to_size(concentration.shape), None


def _log_gamma_slope(concentration: torch.Tensor, log_x: torch.Tensor) -> torch.Tensor:
    """d log x / d concentration at a fixed value of the distribution function."""
    # Draws of a small concentration underflow; the distribution function is x^a / Gamma(a + 1)
    # there.
    tiny = log_x < -20
    from_zero = (torch.digamma(concentration + 1) - log_x) / concentration
    x = torch.exp(torch.where(tiny, 0.0, log_x))
    return torch.where(tiny, from_zero, torch._standard_gamma_grad(concentration, x) / x)


class TorchOps(Ops):
    """Runs formulas on tensors of one float type on one device."""

    differentiates = True

    def __init__(self, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"):
        self.torch_dtype = dtype
        self.dropout = 0.0
        self.device = device
        self._indices: dict[tuple[int, ...], torch.Tensor] = {}
        self.dtype = (
            np.dtype(str(dtype).removeprefix("torch."))
            if dtype != torch.bfloat16
            else np.dtype(np.float32)
        )

    def constant(self, value: NDArray[Any], name: str = "") -> Any:
        # A copy: torch warns of arrays that it may not write to.
        return torch.as_tensor(np.array(value), dtype=self.torch_dtype, device=self.device)

    exp = _lifted("exp", torch.exp)
    log = _lifted("log", torch.log)
    log1p = _lifted("log1p", torch.log1p)
    expm1 = _lifted("expm1", torch.expm1)
    sqrt = _lifted("sqrt", torch.sqrt)
    abs = _lifted("abs", torch.abs)
    sign = _lifted("sign", torch.sign)
    floor = _lifted("floor", torch.floor)
    sin = _lifted("sin", torch.sin)
    cos = _lifted("cos", torch.cos)
    tan = _lifted("tan", torch.tan)
    asin = _lifted("asin", torch.asin)
    acos = _lifted("acos", torch.acos)
    atan = _lifted("atan", torch.atan)
    sinh = _lifted("sinh", torch.sinh)
    asinh = _lifted("asinh", torch.asinh)
    tanh = _lifted("tanh", torch.tanh)
    atanh = _lifted("atanh", torch.atanh)
    sigmoid = _lifted("sigmoid", torch.sigmoid)
    # torch's softplus turns linear at its threshold: at 40 exp(-x) is below the last digit of
    # float64.
    softplus = _lifted("softplus", lambda x: torch.nn.functional.softplus(x, threshold=40.0))
    log_sigmoid = _lifted("log_sigmoid", torch.nn.functional.logsigmoid)
    lgamma = _lifted("lgamma", torch.lgamma)
    digamma = _lifted("digamma", torch.digamma)
    erfc = _lifted("erfc", torch.erfc)
    square = _lifted("square", torch.square)
    relu = _lifted("relu", torch.relu)

    def thinned(self, x: Any) -> Any:
        return torch.nn.functional.dropout(x, self.dropout) if self.dropout else x

    elu = _lifted("elu", torch.nn.functional.elu)
    gelu = _lifted("gelu", torch.nn.functional.gelu)

    # torch.special.ndtr has no correct digit below -5 in float32 and below -8 in float64:
    # normal_cdf stays with erfc.
    normal_quantile = _lifted("normal_quantile", torch.special.ndtri)
    isinf = _lifted("isinf", torch.isinf)
    power = _lifted("power", torch.pow)
    maximum = _lifted("maximum", _extreme(torch.maximum, torch.clamp_min))
    minimum = _lifted("minimum", _extreme(torch.minimum, torch.clamp_max))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        if _tensors(x) and not _tensors(low, high):
            return torch.clamp(x, low, high)
        return super().clip(x, low, high)

    def no_farther(self, x: Any, far: float) -> Any:
        # The gradient of `clamp` takes five kernels, that of `hardtanh` one.
        if _tensors(x):
            return torch.nn.functional.hardtanh(x, -far, far)
        return super().no_farther(x, far)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        if not _tensors(condition):
            return a if condition else b
        if not _tensors(a, b):
            # Two plain numbers would give torch's default float type.
            a = torch.full((), a, dtype=self.torch_dtype, device=self.device)
        return torch.where(condition, a, b)

    def sum(self, x: Any) -> Any:
        return torch.sum(x, 0)

    def cumsum(self, x: Any) -> Any:
        return torch.cumsum(x, 0)

    def logsumexp(self, x: Any) -> Any:
        # torch's own gradient is NaN where every entry is -inf.
        empty = torch.amax(x, 0) == -math.inf
        return torch.where(empty, -math.inf, torch.logsumexp(torch.where(empty, 0.0, x), 0))

    def any(self, condition: Any) -> Any:
        return torch.any(condition, 0)

    def concat(self, parts: Sequence[Any]) -> Any:
        if len({part.shape[-1] for part in parts}) == 1:
            return torch.cat(list(parts))
        batch = torch.broadcast_shapes(*(part.shape[-1:] for part in parts))
        return torch.cat([part.expand(*part.shape[:-1], *batch) for part in parts])

    def stack(self, parts: Sequence[Any]) -> Any:
        like = next(part for part in parts if _tensors(part))
        tensors = [part if _tensors(part) else like.new_tensor(part) for part in parts]
        return torch.stack(torch.broadcast_tensors(*tensors))

    def split(self, x: Any, sizes: Sequence[int]) -> Sequence[Any]:
        return torch.split_with_sizes(x, list(sizes))

    def take(self, x: Any, indices: Sequence[int]) -> Any:
        run = evenly(indices)
        if run is not None:
            return x[run]
        return x[list(indices)] if torch.compiler.is_compiling() else x[self._index(indices)]

    def _index(self, indices: Sequence[int]) -> torch.Tensor:
        """Indices as a tensor, which takes longer to make than to use."""
        key = tuple(indices)
        if key not in self._indices:
            with torch.inference_mode(False):  # gradients may need it later
                self._indices[key] = torch.tensor(key, device=self.device)
        return self._indices[key]

    def take_along(self, x: Any, index: Any) -> Any:
        if x.shape[1:] != index.shape:
            shape = torch.broadcast_shapes(x.shape[1:], index.shape)
            x, index = x.expand(x.shape[0], *shape), index.expand(shape)
        return torch.gather(x, 0, index[None])[0]

    def unflatten(self, x: Any, sizes: tuple[int, ...]) -> Any:
        return x.reshape(*sizes, *x.shape[1:])

    def exchange(self, x: Any) -> Any:
        return torch.transpose(x, 0, 1)

    def matmul(self, matrix: Any, x: Any) -> Any:
        return torch.matmul(matrix, x)

    def combine(self, matrix: Any, x: Any) -> Any:
        return torch.matmul(matrix, x.reshape(x.shape[0], -1)).reshape(
            matrix.shape[0], *x.shape[1:]
        )

    def linear(self, weight: Any, x: Any, bias: Any) -> Any:
        # In place: `addmm` would spread the bias over the batch first.
        return torch.matmul(weight, x).add_(bias)

    def without_gradients(self) -> AbstractContextManager[None]:
        return torch.no_grad()

    def solve(self, matrix: Any, x: Any) -> Any:
        return torch.linalg.solve(matrix, x)

    def log_abs_det(self, matrix: Any) -> Any:
        return torch.linalg.slogdet(matrix)[1]

    def number(self, condition: Any) -> Any:
        return condition.to(self.torch_dtype) if _tensors(condition) else float(condition)

    def to_index(self, x: Any) -> Any:
        return x.to(torch.int64)

    def log_gamma_gradient(self, concentration: Any, log_x: Any) -> Any:
        if not _tensors(concentration):
            return log_x.detach()
        draw = _ImplicitGamma.apply  # torch declares no types for it
        return draw(concentration, log_x.detach())  # type: ignore[no-untyped-call]

    def whole(self, value: Any) -> Any:
        return torch.as_tensor(value, dtype=torch.int64, device=self.device)

    def low_word(self, x: Any) -> Any:
        return x & 0xFFFFFFFF

    def high_word(self, x: Any) -> Any:
        return (x >> 32) & 0xFFFFFFFF

    def low_bits(self, x: Any, count: int) -> Any:
        return x & ((1 << count) - 1)

    def without_bits(self, x: Any, count: int) -> Any:
        return x >> count

    def xor(self, a: Any, b: Any) -> Any:
        return a ^ b

    def to_float(self, x: Any) -> Any:
        return x.to(self.torch_dtype)
