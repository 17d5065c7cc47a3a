"""A flow as JSON: there and back without a loss, and nothing that the file states is believed."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import flowspec
from flowspec import Flow, FlowError

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.flow"))
SCHEMA = json.loads((ROOT / "grammar" / "flow.schema.json").read_text())

PAIR = """
context z: positive
event a: positive, b: (0, 1)
Normal([0, 1], learn([1, 2]))
  |> RQS(bins=4)
  |> on(b) { Scale(z) }
  |> Permute([1, 0])
  |> Onto(event)
"""


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def example(request) -> Flow:
    """Each of the examples."""
    return flowspec.read(request.param)


@pytest.fixture
def pair() -> dict:
    """A flow of two coordinates with a context, as data that a test may change."""
    return flowspec.parse(PAIR).to_json()


def through_text(data):
    return json.loads(json.dumps(data, allow_nan=False))


def change(data: dict, *path, value) -> dict:
    """A copy of the data with another value in one place."""
    changed = inner = copy.deepcopy(data)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def without(data: dict, *path) -> dict:
    """A copy of the data that lacks one place."""
    changed = inner = copy.deepcopy(data)
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def refused(data) -> list[tuple[str, str]]:
    """Code and place of every mistake that the data is refused for."""
    with pytest.raises(FlowError) as caught:
        flowspec.from_json(data)
    assert all(diagnostic.message for diagnostic in caught.value.diagnostics)
    return [(diagnostic.code, diagnostic.where) for diagnostic in caught.value.diagnostics]


# --- there and back -------------------------------------------------------------------------------


def test_a_flow_comes_back_from_json(example):
    again = flowspec.from_json(through_text(example.to_json()))
    assert again == example
    assert again.to_json() == example.to_json()
    assert (again.columns, again.noise, str(again.space)) == (
        example.columns,
        example.noise,
        str(example.space),
    )
    assert list(again.learned()) == list(example.learned())


def test_a_flow_that_came_back_has_the_same_density(pair):
    flow = flowspec.parse(PAIR)
    noise, context = [[0.3, -1.2], [1.5, 0.4]], [[0.5], [2.0]]
    before = flowspec.Model(flow).from_noise(noise, context)
    after = flowspec.Model(flowspec.from_json(through_text(pair))).from_noise(noise, context)
    for one, other in zip(before, after, strict=True):
        assert one.tolist() == other.tolist()


def test_the_data_is_plain(example):
    def walk(value):
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            return [leaf for each in value.values() for leaf in walk(each)]
        if isinstance(value, list):
            return [leaf for each in value for leaf in walk(each)]
        return [value]

    leaves = walk(example.to_json())
    assert {type(leaf) for leaf in leaves} <= {str, int, float, bool, type(None)}
    assert all(math.isfinite(leaf) for leaf in leaves if isinstance(leaf, float))


def test_every_example_follows_the_schema_file(example):
    Draft202012Validator(SCHEMA).validate(through_text(example.to_json()))


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_whole_numbers_may_be_written_as_floats(pair):
    written = change(pair, "steps", 0, "bins", value=4.0)
    written = change(written, "steps", 1, "coordinates", value=[1.0])
    assert flowspec.from_json(written).to_json() == pair


def test_what_has_a_default_may_be_left_out(pair):
    sparse = copy.deepcopy(pair)
    del sparse["base"]["output"]
    for step in sparse["steps"]:
        del step["output"]
    assert flowspec.from_json(sparse).to_json() == pair
    assert flowspec.from_json(
        {"flowspec": 1, "base": {"name": "Normal"}, "steps": []}
    ) == flowspec.parse("Normal(0, 1)")


# --- files that lie -------------------------------------------------------------------------------

INTERVAL = {"kind": "interval", "low": -2.0, "high": 2.0, "closed": [False, False]}


@pytest.mark.parametrize("place", [("base",), ("steps", 0), ("steps", 3)])
@pytest.mark.parametrize(
    "stated",
    [
        {"scalar": False, "supports": [INTERVAL, INTERVAL]},
        {"scalar": False, "supports": [INTERVAL]},
        {"scalar": False, "supports": []},
        {"scalar": True, "supports": [INTERVAL]},
        {"scalar": False, "supports": [{"kind": "simplex", "size": 2}]},
        {"scalar": False, "supports": [INTERVAL | {"low": math.nan}, INTERVAL]},
    ],
)
def test_a_false_support_is_refused(pair, place, stated):
    where = place[0] if len(place) == 1 else f"{place[0]}[{place[1]}]"
    assert refused(change(pair, *place, "output", value=stated)) == [
        ("false-support", f"{where}.output")
    ]


def test_one_false_end_of_a_support_is_refused(pair):
    for key, value in [("low", 1.0), ("high", 5.0), ("closed", [True, False])]:
        lie = change(pair, "steps", 3, "output", "supports", 0, key, value=value)
        assert refused(lie) == [("false-support", "steps[3].output")]


def test_steps_in_another_order_do_not_keep_their_supports():
    data = flowspec.parse("Normal(0, 1) |> Tanh |> Affine(0.5, 0.5)").to_json()
    data["steps"].reverse()
    assert {code for code, _ in refused(data)} == {"false-support"}


def test_a_step_that_does_not_fit_is_refused_at_its_place():
    data = flowspec.parse("Normal(0, 1) |> Affine(0, 2)").to_json()
    data["steps"].append({"name": "Logit"})
    assert refused(data) == [("domain-mismatch", "steps[1]")]


WRONG_SIZES = {
    "a vector that is too long": (("base", "loc"), [0, 1, 2], "base"),
    "copies of another number": (("base", "size"), 3, "base"),
    "copies beyond all reason": (("base", "size"), 10**12, "base.size"),
    "no copies": (("base", "size"), 0, "base.size"),
    "a learned vector that is too long": (
        ("base", "scale"),
        {"learn": {"init": [1, 2, 3]}},
        "base",
    ),
    "other bins than heights": (("steps", 0, "bins"), 5, "steps[0]"),
    "bins beyond all reason": (("steps", 0, "bins"), 10**9, "steps[0].bins"),
    "ragged rows": (("steps", 0, "widths"), [[1, 2], [3]], "steps[0].widths"),
    "a coordinate that is not there": (("steps", 1, "coordinates"), [2], "steps[1]"),
    "a coordinate below zero": (("steps", 1, "coordinates"), [-1], "steps[1].coordinates[0]"),
    "a coordinate twice": (("steps", 1, "coordinates"), [1, 1], "steps[1]"),
    "no coordinate": (("steps", 1, "coordinates"), [], "steps[1].coordinates"),
    "an order that is none": (("steps", 2, "order"), [0, 0], "steps[2]"),
    "more names than coordinates": (("event", 0, "names"), ["a", "c"], "event[0]"),
    "fewer names than coordinates": (
        ("event", 0, "support"),
        {"kind": "simplex", "size": 2},
        "event[0]",
    ),
    "a simplex beyond all reason": (
        ("event", 0, "support"),
        {"kind": "simplex", "size": 10**12},
        "event[0]",
    ),
}


@pytest.mark.parametrize("case", WRONG_SIZES)
def test_a_wrong_size_is_refused_at_its_place(pair, case):
    path, value, where = WRONG_SIZES[case]
    assert where in [place for _, place in refused(change(pair, *path, value=value))]


UNKNOWN = {
    "a step": (("steps", 0, "name"), "Tnah", "steps[0].name"),
    "a base": (("base", "name"), "Nrmal", "base.name"),
    "a step as the base": (("base", "name"), "Tanh", "base.name"),
    "a name that is no text": (("base", "name"), 5, "base.name"),
    "a field": (("base", "sharpness"), 1, "base"),
    "a kind of support": (("event", 0, "support", "kind"), "blob", "event[0].support.kind"),
    "a context variable": (
        ("steps", 1, "transform", "scale"),
        {"context": "q"},
        "steps[1].transform.scale",
    ),
    "a version": (("flowspec",), 2, "flowspec"),
    "a statement": (("let",), {"w": 1}, "the file"),
    "steps that are no list": (("steps",), {}, "steps"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_part_is_refused_at_its_place(pair, case):
    path, value, where = UNKNOWN[case]
    assert where in [place for _, place in refused(change(pair, *path, value=value))]


def test_a_misspelt_part_is_told_with_the_names_that_there_are(pair):
    with pytest.raises(FlowError, match=r"'Tnah' is not one of .*'Affine'"):
        flowspec.from_json(change(pair, "steps", 0, "name", value="Tnah"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "path",
    [
        ("base", "loc"),
        ("base", "scale"),
        ("base", "scale", "learn", "init"),
        ("base", "loc", 0),
        ("steps", 0, "bound"),
        ("steps", 1, "transform", "scale"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_a_number_that_is_not_finite_is_refused(pair, path, value):
    where = "base" if path[0] == "base" else f"steps[{path[1]}]"
    assert all(place.startswith(where) for _, place in refused(change(pair, *path, value=value)))


@pytest.mark.parametrize(
    "value",
    [0, -1, "1", None, True, {}, {"learn": {}}, {"learn": {"init": -1}}, {"learn": 1}, 10**400],
)
def test_a_scale_that_can_be_none_is_refused(value):
    data = flowspec.parse("Normal(0, 1)").to_json()
    assert len(refused(change(data, "base", "scale", value=value))) == 1


@pytest.mark.parametrize(("low", "high"), [(3, 2), (2, 3), (math.nan, None), (1, 1)])
def test_bounds_that_a_parameter_cannot_start_in_are_refused(low, high):
    data = flowspec.parse("Normal(0, 1)").to_json()
    learned = {"learn": {"init": 1, "low": low, "high": high}}
    assert [where for _, where in refused(change(data, "base", "scale", value=learned))] == ["base"]


DECLARED = {
    "a name twice": (("event", 1, "names"), ["a"], "event[1]"),
    "a name of the context": (("event", 1, "names"), ["z"], "event[1]"),
    "a name without a letter": (("event", 1, "names"), [""], "event[1].names[0]"),
    "no names": (("event", 1, "names"), [], "event[1].names"),
    "another support than the flow's": (("event", 1, "support", "high"), 2.0, ""),
    "ends in the wrong order": (("context", 0, "support"), INTERVAL | {"low": 3.0}, "context[0]"),
    "an end that is no number": (
        ("context", 0, "support"),
        INTERVAL | {"low": math.nan},
        "context[0]",
    ),
    "a circle that ends nowhere in the context": (
        ("context", 0, "support"),
        {"kind": "circle", "low": 0, "high": math.nan},
        "context[0]",
    ),
    "a circle without an end": (
        ("event", 1, "support"),
        {"kind": "circle", "low": None, "high": 1},
        "event[1].support.low",
    ),
    "an interval without an end": (
        ("event", 1, "support"),
        {"kind": "interval", "low": 0},
        "event[1].support",
    ),
}


@pytest.mark.parametrize("case", DECLARED)
def test_a_declaration_that_cannot_be_is_refused(pair, case):
    path, value, where = DECLARED[case]
    assert where in [place for _, place in refused(change(pair, *path, value=value))]


def test_a_context_that_is_taken_away_is_missed(pair):
    assert refused(without(pair, "context")) == [("unknown-context", "steps[1].transform.scale")]


@pytest.mark.parametrize("data", [None, [], {}, "Normal(0, 1)", 1, math.nan, ()], ids=repr)
def test_what_is_no_flow_is_refused(data):
    assert {code for code, _ in refused(data)} == {"schema-mismatch"}


def test_parts_nested_beyond_all_reason_are_refused():
    base = {"name": "Normal"}
    for _ in range(2000):
        base = {"name": "Truncated", "base": base, "low": -1, "high": 1}
    assert refused({"flowspec": 1, "base": base, "steps": []}) == [("schema-mismatch", "the file")]


def test_several_mistakes_are_told_at_once(pair):
    wrong = change(pair, "base", "name", value="Nrmal")
    wrong = change(wrong, "steps", 0, "bins", value="many")
    assert [where for _, where in refused(wrong)] == ["base.name", "steps[0].bins"]


TRAINED = """event k: nonnegative, x: real
train { epochs = 2 * 25, learning_rate = 1e-3, schedule = "constant", dequantize = k }
Normal(0, 1)[2] |> Onto(event)"""


def test_settings_of_a_training_survive():
    flow = flowspec.parse(TRAINED)
    assert flow.train == {
        "epochs": 50,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "dequantize": ("k",),
    }
    back = flowspec.from_json(json.loads(json.dumps(flow.to_json())))
    assert back.train == flow.train and [type(v) for v in back.train.values()] == [
        int,
        float,
        str,
        tuple,
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("epochs", 0, "train.epochs"),
        ("epochs", 1.5, "train.epochs"),
        ("learning_rate", 0, "train.learning_rate"),
        ("schedule", "sine", "train.schedule"),
        ("rate", 1, "train"),
        ("dequantize", ["z"], "there is no output `z`"),
    ],
)
def test_wrong_settings_of_a_training_are_told(name, value, told):
    data = flowspec.parse(TRAINED).to_json()
    data["train"][name] = value
    with pytest.raises(flowspec.FlowError, match=told):
        flowspec.from_json(data)
