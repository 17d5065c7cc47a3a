"""No base without a test file of its own."""

from pathlib import Path

from flowspec.ir.registry import bases

WANTED = {
    "Beta", "Cauchy", "CircularUniform", "Exponential", "Gamma", "GeneralizedNormal", "Gumbel",
    "HalfNormal", "Join",
    "Laplace",
    "LogNormal", "Logistic", "Mixture", "MultivariateNormal", "Normal", "StudentT", "Truncated",
    "Uniform",
    "VonMises",
}  # fmt: skip


def test_the_registry_finds_every_base():
    assert set(bases()) >= WANTED


def test_every_base_has_a_test_file():
    modules = {kind.__module__.rpartition(".")[2] for kind in bases().values()}
    assert [
        name for name in sorted(modules) if not (Path(__file__).parent / f"test_{name}.py").exists()
    ] == []
