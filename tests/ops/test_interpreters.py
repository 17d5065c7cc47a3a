"""Every name of the vocabulary means the same in every interpreter: held against 50 digits.

The cases are looked up by the names of the vocabulary, so that a new name without a case fails.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flowspec.ops import Ops  # noqa: E402 (after the skip)
from flowspec.ops.mpmath import MpmathOps  # noqa: E402
from flowspec.ops.numpy import NumpyOps  # noqa: E402
from flowspec.ops.torch import TorchOps  # noqa: E402

INF, NAN = math.inf, math.nan
EXACT = MpmathOps()
INTERPRETERS = {
    "numpy float64": NumpyOps(np.float64),
    "numpy float32": NumpyOps(np.float32),
    "torch float64": TorchOps(torch.float64),
    "torch float32": TorchOps(torch.float32),
}
NAMES = sorted(
    name for name, _ in inspect.getmembers(Ops, inspect.isfunction) if not name.startswith("_")
)
OF_STAGES = ("stage_of", "replaced")
"""Names in loops of writers that keep stages alone: tests/networks/test_staged.py has them."""

N = 11
"""Length of the batch; no other axis of a case has it."""

each_interpreter = pytest.mark.parametrize("ops", INTERPRETERS.values(), ids=INTERPRETERS)
each_name = pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if name not in ("scope", "loop", "loop_and_states", "without_gradients", *OF_STAGES)
    ],
)


@dataclass(frozen=True)
class Case:
    """Arguments of one call.

    Floats are data of the interpreter, whole numbers and truth values what they are.

    ulps      bound of the relative error, in units of eps
    absolute  bound of the error near zeros at which no function of rounded input can be relatively
              exact
    smooth    gradients are checked too
    """

    arguments: tuple
    ulps: float = 4
    absolute: float = 0.0
    smooth: bool = True


def draw(*shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """Numbers that float32 can hold, the same on each run."""
    random = np.random.default_rng(sum(shape))
    return random.uniform(low, high, (*shape, N)).astype(np.float32).astype(np.float64)


def edges(*values: float) -> np.ndarray:
    return np.resize(np.array(values, np.float32).astype(np.float64), (1, N))


def unary(low: float, high: float, *at: float, **more) -> list[Case]:
    """Inside the domain, with gradients; and at the given edges, without."""
    return [
        Case((draw(2, low=low, high=high),), **more),
        Case((edges(*at),), **{**more, "smooth": False}),
    ]


TRUE = draw(2) > 0
PAIR = (draw(2), draw(2, 1)[:, 0] + 0.25)
MATRIX = np.array([[2.0, 0.5, 0.25], [-1.0, 1.5, 0.5], [0.0, 0.75, -3.0]])
ORDERLESS = (edges(NAN, 1, 2, INF, -INF, NAN), edges(1, NAN, 2.5, 1, 1))
WORDS = np.array([[0, 1, -1, 2**32, 2**63 - 1, -(2**63), 0xDEADBEEF, 7, 8, 9, 10]])

CASES: dict[str, list[Case]] = {
    "constant": [],  # every other case enters by it
    "exp": unary(-80, 80, 0, -INF, INF, NAN),
    "log": unary(0.01, 50, 1e-30, 1e30, INF, 0, NAN),
    "log1p": unary(-0.9, 5, 1e-20, -1e-20, 1e30, -1, INF, NAN),
    "expm1": unary(-5, 5, 1e-20, -1e-20, -80, 80, -INF, INF, NAN),
    "sqrt": unary(0.01, 50, 0, 1e-30, 1e30, INF, NAN),
    "abs": unary(-3, 3, 0, -INF, NAN),
    "sign": unary(-3, 3, 0, INF, -INF, -1e-30),
    "floor": unary(-3, 3, 0, -1, 2.5, -2.5, 1e9),
    "sin": unary(-9, 9, 0, 1e-20, absolute=1),
    "cos": unary(-9, 9, 0, 1e-20, absolute=1),
    "tan": unary(-1.5, 1.5, 0, 1e-20, ulps=8),
    "asin": unary(-0.99, 0.99, 0, 1, -1, 1e-20, NAN),
    "acos": unary(-0.99, 0.99, 0, 1, -1, NAN),
    "atan": unary(-3, 3, 0, 1e-20, 1e30, -1e30, INF, -INF, NAN),
    "sinh": unary(-5, 5, 0, 1e-20, -80, 80, INF, -INF, NAN),
    "asinh": unary(-5, 5, 0, 1e-20, -1e-20, 1e30, -1e30, INF, -INF, NAN),
    "tanh": unary(-5, 5, 0, 1e-20, 100, -100, INF, -INF, NAN),
    "atanh": unary(-0.99, 0.99, 0, 1e-20, 1, -1, NAN),
    "sigmoid": unary(-5, 5, 0, 80, -80, INF, -INF, NAN),
    "softplus": unary(-5, 5, 0, 19, 21, 39, 41, 80, -80, INF, -INF, NAN),
    "log_sigmoid": unary(-5, 5, 0, 21, 41, 80, -80, INF, -INF, NAN),
    "square": unary(-3, 3, 0, 1e-10, -1e10, INF, NAN),
    "squarable": unary(-3, 3, 0, 1e-10, -1e10, 1e15, NAN),
    "within_reach": unary(-3, 3, 0, 1e-10, -1e10, 1e11, NAN),
    "lgamma": unary(0.1, 30, 1, 2, 1e-20, 1e20, 0.999, 2.001, INF, NAN),
    "digamma": unary(0.1, 30, 1e-20, 1e20, INF, NAN, absolute=0.5),
    "erfc": unary(-3, 3, 0, 9, -9, 1e-20, INF, -INF, NAN),
    "normal_cdf": [
        *unary(-3, 3, 0, INF, -INF, NAN, ulps=12),
        Case((edges(-5, -8, -12, 8),), ulps=160),
    ],
    "normal_quantile": unary(0.01, 0.99, 0.5, 1e-30, 1e-7, 0.999, NAN),
    "relu": unary(-3, 3, 0, INF, -INF, NAN)[:1],
    "thinned": unary(-3, 3, 0, INF, -INF, NAN)[:1],
    "no_farther": [Case((draw(2), 1.5)), Case((edges(NAN, INF, -INF, 0), 1.5), smooth=False)],
    "elu": unary(-30, 3, 0, INF, -INF, absolute=1.0),
    "gelu": unary(-8, 8, 0, absolute=1.0),
    "isinf": unary(-3, 3, INF, -INF, NAN, 0, smooth=False),
    "power": [
        Case((draw(2, low=0.1), draw(2)), ulps=8),
        Case((draw(2, low=0.1), 2.5), ulps=8),
        Case((2.0, draw(2)), ulps=8),
        Case((edges(0, 1, INF), 0.5), smooth=False),
        Case((edges(0, 2), -1), smooth=False),
        Case((edges(0, 2), 0), smooth=False),
    ],
    "maximum": [
        Case(PAIR),
        Case((draw(2), 0.5)),
        Case((0.5, draw(2))),
        Case(ORDERLESS, smooth=False),
    ],
    "minimum": [
        Case(PAIR),
        Case((draw(2), 0.5)),
        Case((0.5, draw(2))),
        Case(ORDERLESS, smooth=False),
    ],
    "clip": [
        Case((draw(2), -1.0, 1.5)),
        Case((draw(2), draw(2, low=-2, high=-1), draw(2, low=1, high=2))),
        Case((edges(NAN, INF, -INF, 0), -1, 1.5), smooth=False),
    ],
    "where": [
        Case((TRUE, *PAIR)),
        Case((TRUE, draw(2), 0.1)),
        Case((TRUE, 0.1, draw(2))),
        Case((TRUE, 0.1, -INF), smooth=False),
        Case((TRUE[0], draw(2), 0.1)),
        Case((True, draw(2), 0.1)),
    ],
    "sum": [Case((draw(5),), ulps=20), Case((draw(1),)), Case((draw(4, 3),), ulps=20)],
    "cumsum": [Case((draw(5),), ulps=40), Case((draw(4, 3),), ulps=40)],
    "logsumexp": [
        Case((draw(5, low=-50, high=50),)),
        Case((np.array([[-INF], [-INF]]) + np.zeros(N),), smooth=False),
        Case((np.array([[-INF], [700.0]]) + np.zeros(N),)),
        Case((np.array([[-1000.0], [-1000.0]]) + np.zeros(N),)),
        Case((np.array([[NAN], [-INF]]) + np.zeros(N),), smooth=False),
    ],
    "any": [Case((TRUE,), smooth=False), Case((draw(4, 3) > 2,), smooth=False)],
    "concat": [Case(([draw(2), draw(3)],)), Case(([draw(2, 3), draw(1, 3), draw(1, 3)[..., :1]],))],
    "stack": [
        Case(([draw(2), draw(2) * 2],)),
        Case(([draw(2), 0.1, draw(2)[:1], draw(2)[0], draw(2)[:, :1]],)),
    ],
    "take": [
        Case((draw(4), [2, 0, 3])),
        Case((draw(4), range(3, -1, -1))),
        Case((draw(4, 2), (1,))),
    ],
    "take_along": [
        Case((draw(4, 3), np.floor(draw(3, low=0, high=3.9))), smooth=False),
        Case((draw(4), np.floor(draw(1, low=0, high=3.9)[0])), smooth=False),
        Case((draw(4, 3)[..., :1], np.floor(draw(3, low=0, high=3.9))), smooth=False),
        Case((draw(4, 3)[..., :1], np.floor(draw(1, low=0, high=3.9)[0])), smooth=False),
        Case((draw(4, 1)[..., :1], np.floor(draw(1, low=0, high=3.9)[0])), smooth=False),
    ],
    "exchange": [Case((draw(2, 3),)), Case((draw(2, 3, 2),))],
    "flatten": [Case((draw(4, 3),)), Case((draw(2, 3, 2),))],
    "pick": [Case((draw(4, 3), 2.0))],
    "split": [Case((draw(6), (2, 3, 1))), Case((draw(4, 3), (4,)))],
    "unflatten": [Case((draw(6), (2, 3))), Case((draw(4, 3), (2, 2)))],
    "matmul": [Case((draw(3)[:, :4], draw(4)), ulps=30)],
    "linear": [Case((draw(3)[:, :4], draw(4), draw(3)[:, :1]), ulps=30, absolute=1.0)],
    "combine": [
        Case((draw(3)[:, :4], draw(4)), ulps=30),
        Case((draw(3)[:, :4], draw(4, 2)), ulps=30),
    ],
    "solve": [Case((MATRIX, draw(3)), ulps=60)],
    "log_abs_det": [Case((MATRIX,), ulps=8)],
    "number": [Case((TRUE,), smooth=False)],
    "to_index": [Case((np.floor(draw(3, low=0, high=3.9)),), smooth=False)],
    "log_gamma_gradient": [Case((draw(2, low=1, high=3), draw(2, low=0.1)), smooth=False)],
    "whole": [Case((WORDS,), smooth=False)],
    "low_word": [Case((WORDS,), smooth=False)],
    "high_word": [Case((WORDS,), smooth=False)],
    "low_bits": [Case((WORDS, 16), smooth=False)],
    "without_bits": [Case((np.abs(WORDS), 8), smooth=False)],
    "narrow": [Case((np.abs(WORDS) % 2**31,), smooth=False)],
    "xor": [Case((WORDS, WORDS[:, ::-1].copy()), smooth=False)],
    "to_float": [Case((WORDS,), ulps=1, smooth=False)],
}

ALL = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name in CASES
    for i, case in enumerate(CASES[name])
]
each_case = pytest.mark.parametrize(("name", "case"), ALL)


def enter(ops: Ops, name: str, value):
    """An argument as a value of the interpreter."""
    if isinstance(value, list) and isinstance(value[0], np.ndarray):
        return [enter(ops, name, part) for part in value]
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype == bool:
        return ops.constant(value.astype(float)) > 0.5
    return ops.whole(value) if value.dtype == np.int64 else ops.constant(value)


def leave(ops: Ops, value) -> np.ndarray:
    """A result as a numpy array; mpmath's numbers stay as they are."""
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def call(ops: Ops, name: str, arguments: tuple):
    with np.errstate(all="ignore"):
        return asked(ops, name, [enter(ops, name, value) for value in arguments])


def asked(ops: Ops, name: str, entered: list):
    """One array, whatever the name takes and gives."""
    if name == "take_along":
        entered[1] = ops.to_index(entered[1])
    found = getattr(ops, name)(*entered)
    return ops.concat(list(found)[::-1]) if name == "split" else found


def off(found: np.ndarray, exact: np.ndarray, tiny: float) -> np.ndarray:
    """The relative error, 0 where both are the same infinity or NaN; below `tiny` the absolute
    one."""
    found, exact = EXACT.constant(found.astype(float)), EXACT.constant(exact)
    special = np.array([not EXACT.context.isnormal(value) for value in exact.flat]).reshape(
        exact.shape
    )
    same = (found == exact) | ((found != found) & (exact != exact))
    scale = EXACT.maximum(EXACT.abs(np.where(special, 1, exact)), tiny)
    error = np.where(special, 1, EXACT.abs(found - exact) / scale)
    return np.where(same, 0, error).astype(float)


@each_name
def test_every_name_has_a_case(name):
    assert name in CASES


@each_interpreter
@each_case
def test_agrees_with_fifty_digits(ops, name, case):
    found = leave(ops, call(ops, name, case.arguments))
    exact = leave(EXACT, call(EXACT, name, case.arguments))
    assert found.shape == exact.shape
    if exact.dtype in (bool, np.int64):
        assert found.dtype == exact.dtype
        np.testing.assert_array_equal(found, exact)
        return
    assert found.dtype == ops.dtype
    limits = np.finfo(ops.dtype)
    exact = as_held(EXACT.constant(exact), limits)
    error = off(found, exact, max(case.absolute, float(limits.tiny)))
    assert error.max() <= case.ulps * float(limits.eps), (
        error.max() / limits.eps,
        found.flat[error.argmax()],
    )


def as_held(exact: np.ndarray, limits: np.finfo) -> np.ndarray:
    """What lies beyond the largest number of the float type is infinite."""
    return np.where(EXACT.abs(exact) > float(limits.max), EXACT.sign(exact) * INF, exact)


@each_interpreter
@each_case
def test_a_row_does_not_depend_on_its_batch(ops, name, case):
    whole = leave(ops, call(ops, name, case.arguments))
    for row in (0, N - 1) if whole.ndim else ():
        alone = leave(ops, call(ops, name, tuple(_row(value, row) for value in case.arguments)))
        tolerance = case.ulps * float(np.finfo(ops.dtype).eps)
        np.testing.assert_allclose(alone[..., 0], whole[..., row], rtol=tolerance)


def _row(value, row: int):
    if isinstance(value, list) and isinstance(value[0], np.ndarray):
        return [_row(part, row) for part in value]
    return (
        value[..., row : row + 1]
        if isinstance(value, np.ndarray) and value.shape[-1] == N
        else value
    )


@pytest.mark.parametrize(("name", "case"), [each for each in ALL if each.values[1].smooth])
def test_torch_gradients_are_those_of_finite_differences(name, case):
    ops = INTERPRETERS["torch float64"]
    arguments = [enter(ops, name, value) for value in case.arguments]
    leaves = [
        each.requires_grad_()
        for each in _flat(arguments)
        if getattr(each, "dtype", None) == torch.float64
    ]
    assert torch.autograd.gradcheck(lambda *_: getattr(ops, name)(*arguments), leaves)


def _flat(arguments: list) -> list:
    return [part for each in arguments for part in (each if isinstance(each, list) else [each])]


PLAIN = {
    "acos": (0.3,), "atanh": (0.3,), "asin": (0.3,), "normal_quantile": (0.3,), "power": (2, -1),
    "maximum": (1, 2.5),
    "minimum": (1, 2.5), "clip": (0.1, 0, 1), "where": (True, 0.1, 0.2), "number": (True,),
}  # fmt: skip
OF_ONE_VALUE = [
    name
    for name in CASES
    if list(inspect.signature(getattr(Ops, name)).parameters) == ["self", "x"]
]
OF_ARRAYS = {
    "constant",
    "sum",
    "cumsum",
    "logsumexp",
    "exchange",
    "flatten",
    "to_index",
    "low_word",
    "high_word",
    "narrow",
    "to_float",
}


@pytest.mark.parametrize("name", sorted({*OF_ONE_VALUE, *PLAIN} - OF_ARRAYS))
@each_interpreter
def test_plain_numbers_are_worked_out_in_float64_and_stay_plain(ops, name):
    arguments = PLAIN.get(name, (0.7,))
    found, exact = getattr(ops, name)(*arguments), getattr(EXACT, name)(*arguments)
    assert type(found) in (float, int, bool)
    assert found == pytest.approx(float(exact), rel=4 * np.finfo(float).eps)


@each_interpreter
def test_plain_numbers_do_not_widen_data(ops):
    x = ops.constant(np.linspace(0.1, 1, 5))
    found = (
        ops.log(2.0) * x
        + ops.sigmoid(1)
        - ops.where(x > 0.5, ops.maximum(0.1, 0.2), ops.softplus(3.0))
    )
    assert leave(ops, found).dtype == ops.dtype


def test_plain_numbers_have_all_digits_in_mpmath():
    assert abs(EXACT.square(EXACT.sqrt(2.0)) - 2) < 1e-48
    assert EXACT.constant(np.array([0.1]))[0] == 0.1
    assert abs(MpmathOps(30).log(2) - MpmathOps(60).log(2)) < 1e-29


@each_interpreter
def test_constant_takes_what_may_not_be_written_to(ops):
    value = np.broadcast_to(np.array(0.5), (2, 3))
    assert leave(ops, ops.constant(value)).tolist() == [[0.5] * 3] * 2


@each_interpreter
def test_a_loop_repeats_its_body(ops):
    start, weight = draw(2), np.array([[0.5, 0.25], [-0.5, 1.0]])

    def body(step, x, total):
        x = ops.matmul(ops.constant(weight), x) + step
        return x, total + ops.sum(x)

    x, total = ops.loop(5, body, ops.constant(start), ops.constant(np.zeros(N)))
    y, expected = start, 0.0
    for step in range(5):
        y = weight @ y + step
        expected = expected + y.sum(axis=0)
    np.testing.assert_allclose(leave(ops, x).astype(float), y, rtol=1e-5)
    np.testing.assert_allclose(leave(ops, total).astype(float), expected, rtol=1e-5)
