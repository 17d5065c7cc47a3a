"""The page in Chromium: imported bundles drawn, looked at, moved, and downloaded."""

from __future__ import annotations

import csv
import filecmp
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.runtime.replay.browser import NAMES as BROWSERS
from flowspec.view.engine import engine_files
from flowspec.view.site import site, write_site
from forgery import replaced

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "clients" / "page"
BUILT = ROOT / "flowspec" / "view" / "page"
SITES = ["two_moons", "spline", "conditional", "wide"]
WITHOUT_SAMPLES = "likelihood"
DAMAGED = "damaged"
TWO = "event a: (0, 1), b: real\nNormal(0, 1)[2] |> Onto(event)"
MODULE = "module"


@pytest.fixture(scope="session")
def bundles(imported) -> dict[str, flowspec.Bundle]:
    paths = {"two_moons": ROOT / "exported" / "two_moons", **imported}
    return {name: flowspec.load(path) for name, path in paths.items()}


@pytest.fixture(scope="session")
def seen(modules, alone, bundles, tmp_path_factory):
    """What `check.mjs` saw on the page of each bundle. One process of a run starts Chromium."""
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("there is no Chromium on the PATH")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    place = tmp_path_factory.getbasetemp().joinpath(".." if run else ".", f"seen{run}.json")
    with alone("browser"):
        if not (run and place.exists()):
            place.write_text(node("test/check.mjs", sites(modules, bundles, tmp_path_factory)))
    return json.loads(place.read_text())


def sites(modules, bundles, tmp_path_factory) -> Path:
    """A folder with the page of each bundle, of one that cannot draw and has a wrong vector, and of
    a damaged one.
    """
    folder = tmp_path_factory.mktemp("sites")
    engine = engine_files(modules / "onnxruntime-web" / "dist")
    without = folder.with_name(WITHOUT_SAMPLES)
    flowspec.compile(flowspec.parse("Normal(0, 1)"), without, target="sofie")
    vectors = json.loads((without / "vectors.json").read_text())
    vectors["log_prob"]["x"][-1], vectors["log_prob"]["log_prob"]["parity"][-1] = 1e31, 0.5
    replaced(without, vectors_json=json.dumps(vectors).encode())
    for name, bundle in {**bundles, WITHOUT_SAMPLES: flowspec.load(without)}.items():
        write_site(site(bundle, engine), folder / name)
    if shutil.which("clang") and shutil.which("wasm-ld"):
        own = flowspec.compile(flowspec.parse(TWO), without.with_name(MODULE), wasm=True)
        write_site(site(flowspec.load(own), {}), folder / MODULE)
    changed = {"model/sample.onnx": b"a graph of someone else"}
    write_site(site(bundles["two_moons"], engine) | changed, folder / DAMAGED)
    return folder


def node(*arguments) -> str:
    done = subprocess.run(
        ["node", *map(str, arguments)], cwd=PAGE, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SITES)
def test_nothing_goes_wrong_and_nothing_is_asked_for_elsewhere(seen, name):
    facts = seen[name]
    assert (facts["state"], facts["trouble"], facts["troubles"]) == ("done", "", [])


def test_a_bundle_with_a_module_runs_without_onnxruntime(seen):
    if MODULE not in seen:
        pytest.skip("there is no clang or no wasm-ld")
    facts = seen[MODULE]
    assert facts["engine"] == "By the flow's own WebAssembly (native/module.wasm)."
    assert (facts["state"], facts["troubles"], facts["rightness"]) == ("done", [], "right")


def test_the_page_says_that_onnxruntime_ran(seen):
    assert seen["two_moons"]["engine"].startswith("By onnxruntime-web 1.")


@pytest.mark.parametrize("name", SITES)
def test_the_vectors_agree_in_the_browser(seen, bundles, name):
    assert seen[name]["rightness"] == "right"
    assert f" of {len(bundles[name].graphs)} graphs agree" in seen[name]["verdict"]


@pytest.mark.parametrize("name", SITES)
def test_the_samples_are_those_of_python(seen, bundles, name):
    heads, *rows = csv.reader(io.StringIO(seen[name]["csv"]["text"]))
    bundle = bundles[name]
    context = [0.0] * len(bundle.context) or None
    x, log_prob = bundle.sample(500, seed=7, context=context, with_log_prob=True)
    assert heads == [*bundle.columns, "log_prob"]
    assert seen[name]["csv"]["name"] == f"{name}.csv"
    expected = np.column_stack([x, log_prob])
    # The steepest of these densities are known to three digits.
    np.testing.assert_allclose(np.array(rows, float), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", SITES)
def test_the_pipeline_has_every_step(seen, bundles, name):
    flow = bundles[name].about["flow"]
    noise, base, *steps, data = seen[name]["pipeline"]
    assert (noise[:5], data[:4]) == ("Noise", "Data")
    for part, words in zip([flow["base"], *flow["steps"]], [base, *steps], strict=True):
        assert words.startswith(part["name"])


@pytest.mark.parametrize("name", SITES)
def test_a_point_is_told_by_keys_and_by_the_pointer(seen, bundles, name):
    bundle = bundles[name]
    for how in ("byKeys", "byPointer"):
        point, log_prob, latent = map(numbers, seen[name][how])
        if len(bundle.columns) <= 2:
            context = [0.0] * len(bundle.context) or None
            z, expected = bundle.to_base([point], context)
            # The point is told with four digits.
            np.testing.assert_allclose(log_prob, expected, rtol=0.05, atol=0.1)
            np.testing.assert_allclose(latent, z[0], rtol=0.05, atol=0.1)
        assert len(point) == min(len(bundle.columns), 8) == len(latent)
    assert seen[name]["byKeys"] != seen[name]["byPointer"]


def numbers(words: str) -> list[float]:
    """The numbers behind the names of columns."""
    told = words.split(" and ")[0].replace("\N{MINUS SIGN}", "-").split()
    return [float(word) for word in (told[1::2] if len(told) > 1 else told)]


@pytest.mark.parametrize("name", SITES)
def test_every_slider_draws_anew_and_is_kept_in_the_address(seen, bundles, name):
    variables = [f"slider-{variable}" for variable in bundles[name].context]
    assert [*seen[name]["moved"]] == ["count", "slider-Seed", *variables]
    assert seen[name]["moved"]["count"].startswith("1,000 samples in ")
    assert seen[name]["address"].startswith("#seed=8&n=1000")


@pytest.mark.parametrize("name", SITES)
def test_a_table_says_in_numbers_what_the_picture_shows(seen, bundles, name):
    heads, *rows = seen[name]["summary"]
    assert heads.startswith("columnmeandeviation")
    for column, row in zip(bundles[name].columns, rows, strict=True):
        assert row.startswith(column)


@pytest.mark.parametrize("name", [*SITES, WITHOUT_SAMPLES])
def test_everyone_can_use_it(seen, name):
    assert seen[name]["axe"] == []


def test_the_system_chooses_the_theme_until_someone_does(seen):
    dark, light = (seen["two_moons"]["themes"][theme] for theme in ("dark", "light"))
    assert dark[0] == dark[1] != light[0] == light[1]
    assert (dark[0].split()[0], light[0].split()[0]) == ("dark", "light")


@pytest.mark.parametrize("name", SITES)
def test_it_fits_on_a_phone(seen, name):
    assert seen[name]["widths"] == {"1200": 1200, "360": 360}


def test_a_bundle_without_samples_says_so(seen):
    facts = seen[WITHOUT_SAMPLES]
    assert facts["trouble"] == (
        "This bundle cannot draw: graphs for sofie are without sample.onnx."
    )
    assert facts["state"] == "done"


def test_a_vector_that_fails_is_told_in_red_even_next_to_the_overflow(seen):
    facts = seen[WITHOUT_SAMPLES]
    assert facts["rightness"] == "wrong"
    assert facts["verdict"].startswith("4 of 5 outputs agree with the reference, in this browser.")
    assert "log_prob.log_prob" in facts["verdict"]


def test_a_file_that_was_changed_is_told(seen):
    assert seen[DAMAGED]["state"] == "failed"
    assert "sample.onnx is not the file that was written" in seen[DAMAGED]["trouble"]
    assert seen[DAMAGED]["axe"] == []


def test_the_scripts_are_what_the_sources_build_to(modules, tmp_path):
    node("build.mjs", tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["page.js", "worker.js"]
    _, different, failed = filecmp.cmpfiles(tmp_path, BUILT, names, shallow=False)
    assert not different and not failed, "build them again: cd clients/page && npm run build"


def test_the_sources_have_the_types_that_they_say(modules):
    tsc = ["npx", "--no-install", "tsc", "-p", "tsconfig.json"]
    done = subprocess.run(tsc, cwd=PAGE, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout
