"""Completions: what fits first."""

from __future__ import annotations

from pathlib import Path

import pytest

from editor import marked
from flowspec.editing.completion import Item, completions
from flowspec.editing.document import open_document
from flowspec.editing.protocol import Writer
from flowspec.editing.vocabulary import vocabulary


def items(text: str, folder: Path | None = None) -> dict[str, Item]:
    """The completions at the `@` of a text, by their labels."""
    text, at = marked(text)
    return {item.label: item for item in completions(open_document(text), at, folder).items}


def first(text: str) -> set[str]:
    """The completions that come first."""
    return {label for label, item in items(text).items() if item.rank == 0}


def test_a_file_begins_with_a_base_or_a_statement():
    found = items("@")
    assert found.keys() >= {*vocabulary()["base"], "NSF", "let", "event", "train"}
    assert found.keys().isdisjoint(vocabulary()["step"])


@pytest.mark.parametrize(
    ("before", "fits", "fits_not"),
    [
        ("Normal(0, 1) |> ", {"Exp", "Tanh", "Affine"}, {"Log", "Logit", "Permute"}),
        ("Normal(0, 1) |> Exp |> ", {"Log", "Power", "Exp"}, {"Logit"}),
        ("Uniform(0, 1) |> ", {"Logit", "Log"}, {"Atanh2"}),
        ("Normal(0, 1)[3] |> ", {"Permute", "Reverse", "Coupling"}, {"Log"}),
    ],
)
def test_steps_that_fit_the_support_come_first(before, fits, fits_not):
    assert first(before + "@") >= fits
    assert first(before + "@").isdisjoint(fits_not)
    assert items(before + "@").keys() >= set(vocabulary()["step"])


def test_in_a_block_the_steps_fit_the_support_before_it():
    assert "Log" in first("Normal(0, 1) |> Exp |> repeat(3) { @ }")
    assert "Log" in first("Normal(0, 1) |> Exp |> repeat(3) { inverse { @")
    assert "Log" not in first("Normal(0, 1) |> repeat(3) { @ }")


def test_in_a_half_written_word_its_characters_are_replaced():
    text, at = marked("Normal(0, 1) |> Exp |> Lo@g")
    found = completions(open_document(text), at)
    assert text[found.start : found.end] == "Log"


def test_macros_of_the_file_and_forms_stand_where_steps_do():
    found = items("def Half = Affine(0, 0.5)\nNormal(0, 1) |> @")
    assert found.keys() >= {"Half", "Squash", "repeat", "inverse", "on", "Onto"}
    assert "NSF" not in found
    assert found["repeat"].snippet
    assert found["repeat"].insert == "repeat(${1:4}) { $0 }"


@pytest.mark.parametrize(
    ("snippets", "written"), [(True, "repeat(${1:4}) { $0 }"), (False, "repeat")]
)
def test_places_to_fill_are_for_editors_that_know_them(snippets, written):
    document = open_document("Normal(0, 1) |> ")
    found = Writer(document, "file:///a.flow").completions(completions(document, 16), snippets)
    (item,) = [item for item in found.items if item.label == "repeat"]
    assert item.text_edit.new_text == written


def test_an_argument_can_be_named_or_a_value():
    found = items("context c: real\nlet s = 2\nNormal(@)")
    assert found.keys() >= {"loc=", "scale=", "learn", "c", "s", "pi", "sqrt"}


def test_the_event_stands_where_flows_take_coordinates():
    assert "event" in first("event x: real\nNSF(@")
    assert "event" not in items("event x: real\nRQS(@")
    assert items("event x: positive\nNSF(event) |> Onto(event, @").keys() >= {"edges=", "tails="}


def test_an_argument_that_is_written_is_offered_no_more():
    found = items("Normal(loc=0, @)")
    assert "scale=" in found
    assert "loc=" not in found


def test_a_setting_offers_its_words():
    assert first("Normal(0, 1)[2] |> Coupling(RQS, activation=@)") >= {'"relu"', '"tanh"'}


@pytest.mark.parametrize("written", ['"', '"re', '"re"'])
def test_a_word_in_quotes_is_replaced_with_them(written):
    text, at = marked(f"Normal(0, 1)[2] |> Coupling(RQS, activation={written}@")
    found = completions(open_document(text), at)
    assert text[found.start : found.end] == written
    assert '"relu"' in {item.label for item in found.items if item.rank == 0}


def test_a_field_of_a_component_offers_components():
    assert "RQS" in first("Normal(0, 1)[2] |> Coupling(@)")
    assert "Normal" not in first("Normal(0, 1)[2] |> Coupling(@)")
    assert "Normal" in first("Mixture([1, 2, 3], @")
    assert "Normal" in first("Mixture([1, 2, 3], Gamma(2, 1), Gamma(3, 1), @")


def test_parameters_are_offered_inside_their_definition_alone():
    assert "k" in first("def F(k) = Affine(0, @)\nNormal(0, 1) |> F(2)")
    assert "k" not in items("def F(k) = Affine(0, k)\nNormal(0, 1) |> Affine(@")
    assert "k=" in items("def F(k) = Affine(0, k)\nNormal(0, 1) |> F(@")


def test_a_let_does_not_offer_itself():
    assert {"s", "t"} & items("let s = 1\nlet t = @").keys() == {"s"}


def test_supports_follow_a_colon_of_event_and_context():
    assert items("event a: @").keys() >= {"real", "positive", "simplex", "circle", "(0, 1)"}
    assert items("context a: p@").keys() >= {"positive"}


def test_train_offers_its_settings_and_their_words():
    found = items("train { epochs = 3, @ }")
    assert "learning_rate" in found
    assert "epochs" not in found
    assert items("train { schedule = @ }").keys() == {'"constant"', '"cosine"'}
    assert items("event a: real\ntrain { dequantize = @ }").keys() == {"a"}


def test_on_offers_the_names_of_the_event():
    assert first('event a: real, "b c": real\nNormal(0, 1)[2] |> on(@') >= {"a", '"b c"'}


def test_columns_are_those_of_the_table_that_a_comment_names(tmp_path):
    (tmp_path / "wine.csv").write_text("alcohol,petal length,sugar\n1,2,3\n")
    found = items("# data: wine.csv\nevent alcohol, @", tmp_path)
    assert found.keys() == {"sugar", '"petal length"'}


@pytest.mark.parametrize("header", ["1,2,3\n4,5,6\n", ""])
def test_a_table_without_names_offers_no_columns(tmp_path, header):
    (tmp_path / "plain.csv").write_text(header)
    assert items("# data: plain.csv\nevent @", tmp_path) == {}


def test_a_table_that_is_not_there_offers_no_columns(tmp_path):
    assert items("# data: none.csv\nevent @", tmp_path) == {}


def test_columns_of_parquet_are_offered(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"a": [1.0], "b": [2.0]}), tmp_path / "t.parquet")
    assert items("# data: t.parquet\nevent @", tmp_path).keys() == {"a", "b"}


@pytest.mark.parametrize("text", ["Normal(0, 1) # @", "Normal(0, 1) @", "let @", "Normal(0 @"])
def test_where_nothing_can_stand_nothing_is_offered(text):
    assert items(text) == {}
