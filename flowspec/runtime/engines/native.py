"""The C of a bundle, built with the compiler that is there."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from flowspec.runtime import native
from flowspec.runtime.formats import describe, read
from flowspec.runtime.replay.engine import Engine, Missing, Run, Values


class Native(Engine):
    name = "native"
    advice = "install a C compiler, or name one in CC"
    graphs = native.GRAPHS

    def version(self) -> str:
        try:
            compiler = native.compiler()
        except native.NoCompiler as missing:
            raise Missing(str(missing)) from None
        done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
        return (done.stdout.splitlines() or [compiler])[0]

    def open(self, path: Path, outputs: Sequence[str]) -> Run:
        about, files = read(path.parent)
        function = native.Library(path.parent, files, describe(about)).function(path.stem)

        def run(feeds: Values) -> Values:
            values = function.run(list(outputs), feeds)
            return dict(zip(outputs, values, strict=True))

        return run


ENGINE = Native()
