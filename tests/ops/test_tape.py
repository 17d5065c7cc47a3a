"""The recorded graph: what is written down, what passes make of it, and that any interpreter can
run it."""

from __future__ import annotations

import numpy as np
import pytest

from flowspec.ops import Ops
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.onnx.writer import write
from flowspec.ops.tape import BATCH, Entry, Recorded, Tape, TapeOps
from flowspec.ops.tape.passes import simplified
from flowspec.ops.tape.replay import replay
from flowspec.ops.tape.tape import entries_in
from tests.ops.test_interpreters import CASES, EXACT, N, asked

REFERENCE = NumpyOps(np.float64)
CALLS = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
    if name not in ("whole", "log_abs_det")  # never data: both are worked out at once
]


def matrix() -> tuple[TapeOps, Recorded]:
    """A tape with one input (4, N)."""
    ops = TapeOps(np.float64)
    return ops, ops.input("x", (4, BATCH), np.float64)


X = np.arange(12, dtype=np.float64).reshape(4, 3) - 2.5


def recorded(formula) -> Tape:
    """The tape of a function of ops and x."""
    ops, x = matrix()
    ops.output("y", formula(ops, x))
    return ops.tape


def operations(tape: Tape) -> list[str]:
    return [entry.op for entry in tape.entries]


def run(tape: Tape, ops: Ops = REFERENCE, **inputs) -> np.ndarray:
    return replay(tape, ops, {"x": X, **inputs})["y"]


# --- what is written down -------------------------------------------------------------------------


def test_an_entry_tells_operation_operands_shape_type_and_scope():
    ops, x = matrix()
    with ops.scope("steps.0.tanh"), ops.scope("inner"):
        y = ops.tanh(x[1:]) < 2.5
    first, second, third = ops.tape.entries
    assert (first.op, first.operands) == ("getitem", (ops.tape.inputs["x"], (slice(1, None),)))
    assert (second.op, second.shape, second.dtype) == ("tanh", (3, BATCH), np.float64)
    assert (third.op, third.operands, third.dtype) == ("less", (second, 2.5), np.bool_)
    assert third.scope == "steps.0.tanh/inner/"
    assert y.entry is third


LACKING = ["log1p", "expm1", "softplus", "erfc", "lgamma", "normal_cdf", "normal_quantile",
           "sigmoid",
           "log_sigmoid", "logsumexp", "gelu", "elu", "tan", "square"]  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_what_a_target_may_lack_is_one_operation(name):
    tape = recorded(lambda ops, x: getattr(ops, name)(x))
    assert operations(tape) == [name]
    assert len(write(tape, "graph").graph) > 1 or name == "square"


def test_without_data_nothing_is_recorded():
    ops, _ = matrix()
    found = ops.exp(ops.constant(np.ones((4, 1)))) * ops.lgamma(2.5) + ops.softplus(3.0)
    assert isinstance(found, np.ndarray)
    assert ops.tape.entries == []


def test_a_parameter_keeps_its_name_through_views_and_what_is_worked_out():
    ops, _ = matrix()
    scale = ops.constant(np.ones((4, 1)), "steps.0.scale")
    assert scale[1:, None].name == "steps.0.scale"
    assert (2 * scale)[0].name == ops.exp(scale).name == "steps.0.scale.folded"
    assert ops.constant(ops.constant(np.ones(2), "a")).name == "a"


# --- passes ---------------------------------------------------------------------------------------


def test_nothing_is_computed_twice():
    def formula(ops, x):
        def once():
            return ops.exp(x * 0.5) + ops.log1p(ops.tanh(x)) + np.ones((4, 1)) * x

        return once() + once()

    tape = recorded(formula)
    short = simplified(tape)
    assert len(tape.entries) == 15
    assert operations(short) == [
        "multiply",
        "exp",
        "tanh",
        "log1p",
        "add",
        "multiply",
        "add",
        "add",
    ]
    np.testing.assert_array_equal(run(short), run(tape))


def test_zeros_of_both_signs_are_not_the_same():
    tape = simplified(
        recorded(lambda ops, x: ops.concat([ops.maximum(x, 0.0), ops.maximum(x, -0.0)]))
    )
    assert operations(tape) == ["maximum", "maximum", "concat"]


def test_what_no_output_needs_falls_away():
    def formula(ops, x):
        ops.exp(ops.log(x))
        return ops.tanh(x)

    assert operations(simplified(recorded(formula))) == ["tanh"]


FREE = {
    "x * 1": lambda ops, x: x * 1,
    "1.0 * x": lambda ops, x: 1.0 * x,
    "x + 0": lambda ops, x: x + 0,
    "0.0 + x": lambda ops, x: 0.0 + x,
    "x - 0": lambda ops, x: x - 0,
    "x / 1": lambda ops, x: x / 1,
    "0 - -x": lambda ops, x: 0 - -x,
    "x[0:]": lambda ops, x: x[0:],
    "x[:, :]": lambda ops, x: x[:, :],
    "take": lambda ops, x: ops.take(x, range(4)),
    "cast": lambda ops, x: ops.cast(x, np.float64),
    "with_batch": lambda ops, x: ops.with_batch(x, x),
}


@pytest.mark.parametrize("formula", FREE.values(), ids=FREE)
def test_what_changes_nothing_is_left_out(formula):
    tape = simplified(recorded(formula))
    assert tape.entries == []
    assert tape.outputs["y"] is tape.inputs["x"]


SHORT = {
    "x + -y": (lambda ops, x: x + -ops.exp(x), ["exp", "subtract"]),
    "-x + y": (lambda ops, x: -x + ops.exp(x), ["exp", "subtract"]),
    "x - -y": (lambda ops, x: x - -ops.exp(x), ["exp", "add"]),
    "2 - -x": (lambda ops, x: 2 - -x, ["add"]),
    "0 - x": (lambda ops, x: 0 - x, ["negative"]),
    "x * -1": (lambda ops, x: x * -1, ["negative"]),
    "x / 4": (lambda ops, x: x / 4, ["multiply"]),
    "x / -1": (lambda ops, x: x / -1, ["negative"]),
    "x / 3": (lambda ops, x: x / 3, ["divide"]),
    "sum of one": (lambda ops, x: ops.sum(x[:1]), ["getitem", "getitem"]),
}


@pytest.mark.parametrize(("formula", "expected"), SHORT.values(), ids=SHORT)
def test_the_shorter_form_has_the_same_digits(formula, expected):
    tape = recorded(formula)
    assert operations(simplified(tape)) == expected
    np.testing.assert_array_equal(run(simplified(tape)), run(tape))


def test_what_loses_its_data_is_worked_out():
    ops = TapeOps(np.float64)
    x, seed = ops.input("x", (4, BATCH), np.float64), ops.input("seed", (), np.float64)
    ops.output("y", x * ops.exp(seed + 1))
    for entry in ops.tape.entries:
        entry.operands = tuple(2.0 if each is seed.entry else each for each in entry.operands)
    tape = simplified(ops.tape)
    assert operations(tape) == ["multiply"]
    np.testing.assert_array_equal(run(tape, seed=None), X * np.exp(3.0))


# --- loops ----------------------------------------------------------------------------------------


def looped(ops, x):
    """A loop in a loop, that uses what is outside of both."""
    rows = np.arange(1.0, 4.0)[:, None]
    slope = ops.exp(-ops.abs(x))

    def outer(step, total, count):
        def inner(step_, total):
            return [total + ops.exp(-ops.abs(x)) * slope * step_]

        (total,) = ops.loop(2, inner, total)
        return [total + ops.pick(rows, step), count + 1.0]

    total, count = ops.loop(3, outer, x, np.zeros(1))
    return total * count


def test_a_loop_is_one_operation_with_a_tape_of_its_own():
    tape = simplified(recorded(looped))
    assert operations(tape) == ["abs", "negative", "exp", "loop", "result", "result", "multiply"]
    count, body, *state = tape.entries[3].operands
    assert count == 3 and state[0] is tape.inputs["x"] and isinstance(state[1], np.ndarray)
    assert list(body.inputs) == ["step", "state.0", "state.1"]
    assert operations(body) == ["loop", "result", "pick", "add", "add"]
    inner = body.entries[0].operands[1]
    # What is outside is used from there, also if the body says it again.
    assert operations(inner) == ["multiply", "multiply", "add"]
    assert tape.entries[2] in set(entries_in(inner.entries[0].operands))
    assert inner.scope == "Loop_1/Loop_1/"


def test_a_loop_replays_as_it_ran():
    expected = looped(REFERENCE, X)
    for tape in (recorded(looped), simplified(recorded(looped))):
        np.testing.assert_array_equal(run(tape), expected)


# --- replay ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "case"), CALLS)
def test_a_replay_in_numpy_is_the_formula_in_numpy(name, case):
    ops, feeds = TapeOps(np.float64), {}

    def enter(value):
        if isinstance(value, list) and isinstance(value[0], np.ndarray):
            return [enter(part) for part in value]
        if not isinstance(value, np.ndarray) or value.shape[-1] != N:
            return value
        feeds[name_ := f"x{len(feeds)}"] = value
        return ops.input(name_, (*value.shape[:-1], BATCH), value.dtype)

    with np.errstate(all="ignore"):
        ops.output("y", asked(ops, name, [enter(value) for value in case.arguments]))
        expected = asked(REFERENCE, name, list(case.arguments))
        for tape in (ops.tape, simplified(ops.tape)):
            found = replay(tape, REFERENCE, feeds)["y"]
            np.testing.assert_array_equal(found, expected)
    assert tape.outputs["y"].shape == (*np.shape(expected)[:-1], BATCH)


def test_a_tape_replays_onto_a_tape():
    tape = recorded(looped)
    ops, x = matrix()
    with ops.scope("again"):
        ops.output("y", replay(tape, ops, {"x": x})["y"])
    np.testing.assert_array_equal(run(ops.tape), run(tape))
    assert {entry.scope for entry in ops.tape.entries} == {"again/"}
    loop = next(entry for entry in ops.tape.entries if entry.op == "loop")
    assert loop.operands[1].scope == "again/Loop_1/"


def test_a_tape_replays_with_fifty_digits_and_in_torch():
    torch = pytest.importorskip("torch")
    from flowspec.ops.torch import TorchOps

    tape = recorded(lambda ops, x: ops.gelu(x) + ops.constant(np.ones((4, 1))) * ops.lgamma(x * x))
    expected = run(tape)
    found = replay(tape, EXACT, {"x": EXACT.constant(X)})["y"]
    np.testing.assert_allclose(found.astype(float), expected, rtol=1e-14)
    found = replay(tape, TorchOps(torch.float64), {"x": torch.tensor(X)})["y"]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_an_entry_says_what_it_is():
    assert repr(Entry("tanh", (), (4, None), np.dtype(np.float32), "")) == "tanh float32[4, None]"
