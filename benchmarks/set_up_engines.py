"""An environment with every engine that can be had: `python benchmarks/set_up_engines.py FOLDER`.

What constraints-engines.txt pins is installed line by line: an engine that is not to be had is left
out, and the matrix says so. Chromium, clang, Node and a C compiler are taken from the system.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints-engines.txt"
WITHOUT_DEPENDENCIES = ("onnx2torch",)
"""Packages that ask for what they do not need here: torchvision."""


def pins(kind: str = "") -> list[str]:
    """The lines of the file: packages of Python, or what stands behind `# KIND: `."""
    lines = PINS.read_text().splitlines()
    if kind:
        start = f"# {kind}: "
        return [line.removeprefix(start) for line in lines if line.startswith(start)]
    return [line for line in lines if line and not line.startswith("#")]


def main(folder: Path) -> None:
    python = environment(folder)
    install(python, "-e", str(ROOT))
    for pin in pins():
        alone = ["--no-deps"] if pin.startswith(WITHOUT_DEPENDENCIES) else []
        install(python, *alone, pin)
    for pin in pins("older"):
        install(environment(older(folder, pin)), pin, "numpy<2")
    (folder / "package.json").write_text("{}\n")
    run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *pins("npm")], folder)


def older(folder: Path, pin: str) -> Path:
    """The folder of an environment with an older version of onnxruntime."""
    return folder / pin.replace("==", "-")


def environment(folder: Path) -> Path:
    """The Python of a new environment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin" / "python"


def install(python: Path, *arguments: str) -> None:
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "-c", str(PINS), *arguments] if "numpy<2" not in arguments else [*pip, *arguments])


def run(command: list[str], folder: Path = ROOT) -> None:
    """Run a command that may fail."""
    environ = os.environ | {"ONNXRUNTIME_NODE_INSTALL": "skip"}
    try:
        done = subprocess.run(command, cwd=folder, env=environ, check=False)
    except OSError as error:
        print(f"left out: {command[-1]} ({error})", file=sys.stderr)
        return
    if done.returncode:
        print(f"left out: {command[-1]}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
