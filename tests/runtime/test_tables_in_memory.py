"""Tables in memory are read by the names of their columns, bare arrays by position, and alike by
bundles, models, modules and `fit`; a value that is missing is NaN."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.model import Model
from refusals import refused

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
torch = pytest.importorskip("torch")

PAIR = "event a, b: positive\nNormal(learn([0, 1]), learn(1)) |> Onto(event)"
GIVEN = "context z, w\nevent a, b\nNormal(0, 1)[2] |> Shift(z) |> Scale(2)"
ONE = "context z\nevent a\nNormal(learn(0), 1) |> Shift(z)"
ROWS = np.array([[0.5, 1.0], [0.7, 2.0], [1.5, 0.25], [0.1, 3.0]])
CONTEXT = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])


def structured(columns: dict) -> np.ndarray:
    array = np.empty(len(next(iter(columns.values()))), [(name, float) for name in columns])
    for name, values in columns.items():
        array[name] = values
    return array


FORMS = {
    "frame": pandas.DataFrame,
    "nullable frame": lambda columns: pandas.DataFrame(columns).convert_dtypes(),
    "frame of pyarrow's types": lambda columns: pandas.DataFrame(columns, dtype="double[pyarrow]"),
    "frame of objects": lambda columns: pandas.DataFrame(columns, dtype=object),
    "frame of text": lambda columns: pandas.DataFrame(columns).astype(str),
    "arrow table": pyarrow.table,
    "record batch": pyarrow.record_batch,
    "structured array": structured,
    "record array": lambda columns: structured(columns).view(np.recarray),
    "mapping": dict,
    "mapping of lists": lambda columns: {name: list(v) for name, v in columns.items()},
    "mapping of columns": lambda columns: {name: v[:, None] for name, v in columns.items()},
    "mapping of tensors": lambda columns: {
        name: torch.tensor(v * 1.0, requires_grad=True) for name, v in columns.items()
    },
}
every_form = pytest.mark.parametrize("form", FORMS)


def shuffled(form: str, names: str, *blocks: np.ndarray):
    """A table whose columns stand backwards, behind one of text that nobody asked for."""
    columns = dict(zip(names, np.concatenate(blocks, axis=1).T, strict=True))
    backwards = {"unasked": np.arange(len(blocks[0])), **dict(reversed(columns.items()))}
    return FORMS[form](backwards)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    place = tmp_path_factory.mktemp("bundles")
    texts = {"pair": PAIR, "given": GIVEN, "one": ONE}
    for name, text in texts.items():
        flowspec.compile(flowspec.parse(text), place / name)
    return {name: flowspec.load(place / name) for name in texts}


def scorers(bundle, text: str):
    """log_prob of a bundle, a model and a module."""
    flow = flowspec.parse(text)
    module = flowspec.to_torch(flow)

    def module_log_prob(x, context=None):
        return module(context).log_prob(x).detach().numpy()

    return bundle.log_prob, Model(flow).log_prob, module_log_prob


@every_form
def test_points_are_found_by_name(bundles, form):
    table = shuffled(form, "ab", ROWS)
    for log_prob in scorers(bundles["pair"], PAIR):
        np.testing.assert_allclose(log_prob(table), bundles["pair"].log_prob(ROWS), rtol=1e-5)


@every_form
def test_contexts_are_found_by_name(bundles, form):
    table, bundle, model = (
        shuffled(form, "zw", CONTEXT), bundles["given"], Model(flowspec.parse(GIVEN))
    )  # fmt: skip
    for log_prob in scorers(bundle, GIVEN):
        np.testing.assert_allclose(log_prob(ROWS, table), bundle.log_prob(ROWS, CONTEXT), rtol=1e-5)
    np.testing.assert_array_equal(bundle.sample(context=table), bundle.sample(context=CONTEXT))
    for each in (bundle, model):
        x, _ = each.from_noise(ROWS, table)
        np.testing.assert_array_equal(x, each.from_noise(ROWS, CONTEXT)[0])


@every_form
def test_a_table_of_points_may_hold_their_context(bundles, form):
    table = shuffled(form, "abzw", ROWS, CONTEXT)
    for log_prob in scorers(bundles["given"], GIVEN)[:2]:
        expected = bundles["given"].log_prob(ROWS, CONTEXT)
        np.testing.assert_allclose(log_prob(table), expected, rtol=1e-5)
        np.testing.assert_allclose(log_prob(table, table), expected, rtol=1e-5)


@every_form
def test_fit_reads_as_log_prob_does(form):
    flow = flowspec.parse(ONE)
    data, context = np.repeat(ROWS, 5, axis=0), np.repeat(CONTEXT, 5, axis=0)
    weights = np.arange(1.0, 21)[:, None]
    table = shuffled(form, "azv", data[:, :1], context[:, :1], weights)
    expected = flowspec.fit(flow, data[:, 0], context[:, 0], weights=weights, epochs=2)
    for arguments in ((table,), (table, table), (data[:, :1], table), (table, context[:, :1])):
        model = flowspec.fit(flow, *arguments, weights=weights, epochs=2)
        assert model.weights == expected.weights
    named = flowspec.fit(flow, table, weights="v", held_out=table, epochs=2)
    same = flowspec.fit(
        flow, data[:, 0], context[:, 0], weights=weights[:, 0], epochs=2,
        held_out=(data[:, 0], context[:, 0]),
    )  # fmt: skip
    assert named.weights == same.weights


@every_form
def test_a_missing_column_is_refused_by_name(bundles, form):
    points, context = shuffled(form, "ac", ROWS), shuffled(form, "zv", CONTEXT)
    for log_prob in scorers(bundles["pair"], PAIR):
        assert refused(log_prob, points) == "the table has no column `b`"
    for log_prob in scorers(bundles["given"], GIVEN):
        assert refused(log_prob, ROWS, context) == "the table has no column `w`"
    assert refused(bundles["given"].sample, context=context) == "the table has no column `w`"
    told = refused(flowspec.fit, flowspec.parse(PAIR), points, epochs=1)
    assert told == "the table has no column `b`"


def test_a_table_without_the_context_is_refused_by_its_name(bundles):
    with pytest.raises(flowspec.FlowError, match=r"no column `z`(.|\n)*no column `w`"):
        bundles["given"].log_prob(pandas.DataFrame(ROWS, columns=["a", "b"]))


def test_a_row_of_a_frame_is_found_by_name(bundles):
    frame = shuffled("frame", "ab", ROWS)
    for log_prob in scorers(bundles["pair"], PAIR)[:2]:
        np.testing.assert_allclose(
            log_prob(frame.iloc[1]), bundles["pair"].log_prob(ROWS[1]), rtol=1e-5
        )


def test_columns_without_names_go_by_position(bundles):
    frame = pandas.DataFrame(ROWS, index=list("wxyz"))
    for log_prob in scorers(bundles["pair"], PAIR):
        np.testing.assert_allclose(log_prob(frame), bundles["pair"].log_prob(ROWS), rtol=1e-5)
    frame = pandas.DataFrame(ROWS, columns=["n0", "n1"])  # noise has kinds and no names
    np.testing.assert_array_equal(
        bundles["pair"].from_noise(frame)[0], bundles["pair"].from_noise(ROWS)[0]
    )


def test_columns_that_are_numbers_in_another_order_are_names(bundles):
    told = refused(bundles["pair"].log_prob, pandas.DataFrame(ROWS, columns=[1, 0])[[0]])
    assert told == "`x` has shape (4, 1), but 2 columns are needed (a, b)"
    with pytest.raises(flowspec.FlowError, match="no column `a`"):
        bundles["pair"].log_prob(pandas.DataFrame(ROWS, columns=[1, 0]))


@pytest.mark.parametrize("form", ["frame", "mapping", "arrow table"])
def test_batches_of_a_loader_may_be_tables(form):
    flow = flowspec.parse(ONE)
    batches = Batches(shuffled(form, "az", ROWS[:, :1], CONTEXT[:, :1]))
    pairs = Batches((ROWS[:, 0], CONTEXT[:, 0]))
    weights = flowspec.fit(flow, batches, epochs=1).weights
    assert weights == flowspec.fit(flow, pairs, epochs=1).weights


class Batches:
    """The same batch, three times."""

    def __init__(self, batch):
        self.batch = batch

    def __iter__(self):
        return iter([self.batch] * 3)


GAP = np.array([[1.0, 2.0], [np.nan, 2.0], [1.0, 1.0]])
MASKED = np.ma.masked_invalid(GAP)
WITH_GAPS = {
    "masked array": lambda: MASKED,
    "masked whole numbers": lambda: np.ma.array([[1, 2], [7, 2], [1, 1]], mask=np.isnan(GAP)),
    "masked fields": lambda: np.ma.array(
        structured({"b": GAP[:, 1], "a": [1.0, 7.0, 1.0]}), mask=[(0, 0), (0, 1), (0, 0)]
    ),
    "mapping of masked arrays": lambda: {"b": MASKED[:, 1], "a": MASKED[:, 0]},
    "object array": lambda: np.where(np.isnan(GAP), None, GAP.astype(object)),
    "list with None": lambda: [[1, 2], [None, 2], [1, 1]],
    "arrow table": lambda: pyarrow.table({"b": [2, 2, 1], "a": [1, None, 1]}),
    "nullable frame": lambda: pandas.DataFrame(GAP[:, ::-1], columns=["b", "a"]).convert_dtypes(),
    "frame of objects": lambda: pandas.DataFrame({"b": [2, 2, 1], "a": [1, pandas.NA, 1]}),
    "tensor": lambda: torch.tensor(GAP, requires_grad=True),
    "list of tensors": lambda: [torch.tensor(row, requires_grad=True) for row in GAP],
}  # fmt: skip


@pytest.mark.parametrize("form", WITH_GAPS)
def test_a_missing_value_is_nan(bundles, form):
    expected = bundles["pair"].log_prob(GAP)
    assert np.isnan(expected).tolist() == [False, True, False]
    for log_prob in scorers(bundles["pair"], PAIR):
        found = np.asarray(log_prob(WITH_GAPS[form]()), np.float64)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    told = refused(flowspec.fit, flowspec.parse(PAIR), WITH_GAPS[form](), epochs=1)
    assert told == "column `a` is missing or not finite in 1 of 3 rows, first in row 2: missing"


@pytest.mark.parametrize(
    "column",
    [["1", "wide"], [1j, 2], np.array(["2020-01-01"] * 2, "datetime64[D]"), np.ones((2, 2))],
)
def test_a_column_without_numbers_is_refused(bundles, column):
    table = {"a": column, "b": [1, 1]}
    for log_prob in scorers(bundles["pair"], PAIR):
        assert refused(log_prob, table).startswith("column `a` holds ")


# --- one column -----------------------------------------------------------------------------------

COLUMN = np.array([0.5, 1.0, 2.0])
SCALAR, SINGLE = "event a\nNormal(learn(0), 1)", "event a\nNormal(learn(0), 1)[1]"
FORMS_OF_ONE = {
    "(N,)": lambda: COLUMN,
    "(N, 1)": lambda: COLUMN[:, None],
    "frame": lambda: pandas.DataFrame({"b": 0, "a": COLUMN}),
    "series": lambda: pandas.Series(COLUMN, index=list("xyz")),
}


@pytest.mark.parametrize("form", FORMS_OF_ONE)
@pytest.mark.parametrize("text", [SCALAR, SINGLE], ids=["scalar", "single"])
def test_one_column_may_have_an_axis_or_not(tmp_path, form, text):
    flow, x = flowspec.parse(text), FORMS_OF_ONE[form]()
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "it"))
    expected = Model(flow).log_prob(COLUMN)
    for log_prob in scorers(bundle, text)[: 2 if (text, form) == (SCALAR, "(N, 1)") else 3]:
        found = log_prob(x)
        assert found.shape == (3,)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    fitted = flowspec.fit(flow, x, epochs=1, validation=0)
    assert fitted.weights == flowspec.fit(flow, COLUMN, epochs=1, validation=0).weights
    shape = (3,) if text == SCALAR else (3, 1)
    noise = COLUMN[:, None] if form == "frame" else x
    assert bundle.sample(3).shape == bundle.from_noise(noise)[0].shape == shape
    assert Model(flow).from_noise(noise)[0].shape == shape


@pytest.mark.parametrize("context", [COLUMN, COLUMN[:, None], {"z": COLUMN}], ids=["N", "N1", "z"])
def test_one_context_variable_may_have_an_axis_or_not(bundles, context):
    expected = Model(flowspec.parse(ONE)).log_prob(ROWS[:3, 0], COLUMN[:, None])
    for log_prob in scorers(bundles["one"], ONE):
        np.testing.assert_allclose(log_prob(ROWS[:3, 0], context), expected, rtol=1e-5)
    assert bundles["one"].sample(context=context).shape == (3,)
