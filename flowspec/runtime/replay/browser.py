"""onnxruntime-web on a page of a headless Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from flowspec.runtime.replay.engine import Engine, Missing
from flowspec.runtime.replay.node import module, version_of_module

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SERVER = "flowspec.runtime.replay.page_server"


def browser() -> str:
    """The path of a Chromium.

    Errors:  Missing.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise Missing("there is no Chromium on the PATH")


class BrowserEngine(Engine):
    """A provider of onnxruntime-web on a page.

    bundle   the file of onnxruntime-web that has the provider
    flags    further ones of Chromium
    """

    provider: str
    bundle: str
    flags: tuple[str, ...] = ()

    def version(self) -> str:
        done = subprocess.run([browser(), "--version"], capture_output=True, text=True, check=False)
        words = [word for word in done.stdout.split() if word[:1].isdigit()]
        return f"{version_of_module('onnxruntime-web')} (Chromium {(words or ['?'])[0]})"

    def command(self, folder: Path) -> list[str]:
        module("onnxruntime-web"), browser()
        return [sys.executable, "-m", SERVER, self.name, str(folder)]
