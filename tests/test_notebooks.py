"""Notebooks: what objects show of themselves, the cell magic, the widget, and those of examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowspec
from commands import GIVEN, LEARNS, PAIR

pytest.importorskip("IPython", reason="IPython is not installed")
pytest.importorskip("anywidget", reason="anywidget is not installed")

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from flowspec.notebook.explorer import explore, moved, numbers
from flowspec.plots.flow import drawn_from

NOTEBOOKS = sorted((Path(__file__).parents[1] / "examples" / "notebooks").glob("*.ipynb"))


@pytest.fixture
def shell(monkeypatch):
    shown = []
    monkeypatch.setattr("flowspec.notebook.magic.display", shown.append)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.extension_manager.load_extension("flowspec.notebook")
    yield made, shown
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("text", [PAIR, LEARNS, GIVEN], ids=["fixed", "untrained", "conditional"])
def test_a_flow_and_a_model_show_their_steps_and_a_picture(text):
    flow = flowspec.parse(text)
    for shown in (flow, flowspec.Model(flow, {})):
        html = shown._repr_html_()
        assert html.startswith(f"<div>{type(shown).__name__} of ")
        assert f"<td style='text-align: left'>{flow.base.title}</td>" in html
        assert 'src="data:image/png;base64,' in html
        assert "<" not in repr(shown).replace("<=", "")  # the plain twin


def test_a_bundle_shows_what_its_flow_shows(tmp_path):
    bundle = flowspec.load(flowspec.compile(flowspec.parse(PAIR), tmp_path / "pair"))
    table = flowspec.parse(PAIR)._repr_html_().split("<img")[0]
    assert bundle._repr_html_().split("<img")[0] == table.replace("Flow of", "Bundle of")


def test_a_picture_is_kept_as_a_file(tmp_path):
    picture = flowspec.parse(PAIR).plot(100)
    picture.save(tmp_path / "pair.png")
    assert (tmp_path / "pair.png").read_bytes() == picture._repr_png_()


def test_the_picture_of_a_flow_has_the_samples_of_its_graphs(tmp_path):
    flow = flowspec.parse(PAIR)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "pair", dtype="float64"))
    drawn = drawn_from(flowspec.Model(flow, {}), 20, 3)
    np.testing.assert_allclose(drawn, bundle.sample(20, seed=3), rtol=1e-12)


def test_a_cell_becomes_a_flow(shell):
    made, shown = shell
    made.run_cell_magic("flow", "mine", "Normal(0, 1) |> Exp\n")
    assert str(made.user_ns["mine"].space) == "positive"
    assert shown == [made.user_ns["mine"]]
    made.run_cell_magic("flow", "", "Normal(0, 1)\n")
    assert "flow" in made.user_ns


def test_a_mistake_in_a_cell_is_told_where_it_is_and_defines_nothing(shell):
    made, shown = shell
    with pytest.raises(UsageError, match=r"error\[domain-mismatch\](.|\n)* --> cell:1:17"):
        made.run_cell_magic("flow", "mine", "Normal(0, 1) |> Log\n")
    with pytest.raises(UsageError, match="`2x` is no name in Python"):
        made.run_cell_magic("flow", "2x", "Normal(0, 1)\n")
    assert "mine" not in made.user_ns
    assert shown == []


def test_every_number_of_a_flow_is_known_by_its_path():
    flow = flowspec.parse("Normal([0, 1], 2) |> Affine(0.5, learn([3, 4])) |> on(0) { Scale(5) }")
    found = {number.label: number.value for number in numbers(flow)}
    assert found == {
        "base.loc[0]": 0, "base.loc[1]": 1, "base.scale": 2, "steps.0.shift": 0.5,
        "steps.0.scale[0]": 3, "steps.0.scale[1]": 4, "steps.1.transform.scale": 5,
    }  # fmt: skip


def test_numbers_that_are_moved_give_the_flow_with_these():
    flow = flowspec.parse("Normal(0, 1) |> Affine(1, 2)")
    path = next(number.path for number in numbers(flow) if number.label == "steps.0.shift")
    assert moved(flow, {path: 7.0}) == flowspec.parse("Normal(0, 1) |> Affine(7, 2)")


def test_the_samples_of_the_widget_follow_the_sliders():
    widget = explore(flowspec.parse("Normal(0, 1)"), 50)
    before = np.frombuffer(widget.samples, "<f4")
    widget.chosen = [10.0, 1.0]
    after = np.frombuffer(widget.samples, "<f4")
    np.testing.assert_allclose(after, before + 10, rtol=1e-5)
    assert widget.flow == flowspec.parse("Normal(10, 1)")


def test_numbers_of_no_flow_are_told_and_the_samples_stay():
    widget = explore(flowspec.parse("Normal(0, 1)"), 50)
    before = widget.samples
    widget.chosen = [0.0, -1.0]
    assert widget.message == "`scale` of Normal cannot be -1"
    assert widget.samples == before
    widget.chosen = [0.0, 2.0]
    assert widget.message == ""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_run(path, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbformat = pytest.importorskip("nbformat")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "data").symlink_to(path.parents[1] / "data")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    book = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": folder}}).execute()
    told = [cell for cell in book.cells if "raises-exception" in cell.metadata.get("tags", [])]
    for cell in told:
        assert any("domain-mismatch" in str(output) for output in cell.outputs)
