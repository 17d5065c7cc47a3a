"""The two ends of what pyproject.toml promises: `pip install nox`, then `nox`, or `nox -s oldest`.

oldest   Python 3.11 with the versions of constraints-oldest.txt
newest   Python 3.13 with the newest versions that there are
lint     what `make lint` runs
tools    MLflow, MLServer, huggingface_hub and Triton's schema, on what `flowspec package` writes

CI runs the commands of the installed wheel at both ends in `make test` (tests/packaging); here the
whole suite runs, with torch, which needs some gigabytes. `nox -s oldest -- -m "not slow"` is the
fast part.
"""

import nox

PARTS = ".[train,plot,parquet,dask,zuko,judge,tune,lsp,notebook,test]"
nox.options.default_venv_backend = "venv"


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """Run the suite with the oldest versions."""
    session.install("-c", "constraints-oldest.txt", "-e", PARTS)
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """Run the suite with the newest versions."""
    session.install("--upgrade", "-e", PARTS)
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Check style, types and layers."""
    session.install("-c", "constraints.txt", "-e", PARTS)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session(python="3.11")
def tools(session: nox.Session) -> None:
    """Open and run the layouts of `flowspec package` in the tools that they are for."""
    session.install("pytest>=8", "pytest-randomly>=3.15", "pytest-xdist>=3.5", "-e", ".")
    session.install("-r", "constraints-tools.txt")
    session.run(
        "pytest", "tests/export/test_layouts_in_tools.py", "-rs", *session.posargs,
    )  # fmt: skip
