"""`flowspec import`: objects by name, weights without unpickling."""

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
zuko = pytest.importorskip("zuko")

from safetensors.torch import save_file

import flowspec
from flowspec import FlowError
from flowspec.cli.main import cli
from flowspec.importers.loading import load_object, load_state

MODULE = """
import zuko

def make():
    return zuko.flows.NSF(2, context=1, transforms=1)

def make_of(size):
    return zuko.flows.NSF(size)

flow = make()
number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    name = f"flows_of_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_command_writes_a_bundle_with_the_numbers_of_the_weights(module, tmp_path, suffix):
    torch.manual_seed(3)
    flow = zuko.flows.NSF(2, context=1, transforms=1)
    file = tmp_path / f"weights.{suffix}"
    if suffix == "pt":
        torch.save(flow.state_dict(), file)
    else:
        save_file(flow.state_dict(), file)
    done = CliRunner().invoke(
        cli,
        ["import", "zuko", f"{module}:make", "--weights", str(file), "-o", str(tmp_path / "out")],
    )
    assert done.exit_code == 0, done.output
    x, context = np.random.default_rng(0).normal(size=(2, 10, 2))
    context = context[:, :1]
    with torch.no_grad():
        expected = (
            flow(torch.tensor(context, dtype=torch.float32))
            .log_prob(torch.tensor(x, dtype=torch.float32))
            .numpy()
        )
    np.testing.assert_allclose(
        flowspec.load(tmp_path / "out").log_prob(x, context), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{}", "colon"),
        ("no_such_module:flow", "no module"),
        ("{}:nothing", "has no `nothing`"),
        ("{}:number", "it is a int"),
        ("{}:make_of", "cannot be called without arguments .*'size'"),
    ],
)
def test_names_what_is_not_there(module, name, words):
    with pytest.raises(FlowError, match=words):
        load_object(name.format(module))


def test_never_unpickles(module, tmp_path):
    flow = load_object(f"{module}:flow")
    torch.save(flow, tmp_path / "whole.pt")
    with pytest.raises(FlowError, match="more than weights"):
        load_state(flow, tmp_path / "whole.pt")


def test_refuses_weights_of_another_flow(module, tmp_path):
    torch.save(zuko.flows.NSF(4).state_dict(), tmp_path / "other.pt")
    with pytest.raises(FlowError, match="do not fit"):
        load_state(load_object(f"{module}:flow"), tmp_path / "other.pt")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"junk", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_refuses_what_is_no_file_of_weights(module, tmp_path, content, suffix):
    file = tmp_path / f"weights.{suffix}"
    file.write_bytes(content)
    with pytest.raises(FlowError, match="cannot read the weights"):
        load_state(load_object(f"{module}:flow"), file)
