"""How fast a page draws: ten thousand samples of `exported/two_moons` in Chromium.

    cd clients && npm install
    python benchmarks/page.py

Needs Node and Chromium. The page comes from a plain static server on this machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import flowspec
from flowspec.view.engine import engine_files
from flowspec.view.site import site, write_site

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "clients"


def main() -> None:
    engine = engine_files(CLIENTS / "node_modules" / "onnxruntime-web" / "dist")
    bundle = flowspec.load(ROOT / "exported" / "two_moons")
    with tempfile.TemporaryDirectory() as place:
        write_site(site(bundle, engine), Path(place) / "site")
        program = ["node", "test/time.mjs", str(Path(place) / "site")]
        done = subprocess.run(
            program, cwd=CLIENTS / "page", check=True, capture_output=True, text=True
        )
    measured = json.loads(done.stdout)
    first, *later = measured["draws"]
    print(f"Chromium {measured['browser']}, 10,000 samples of two_moons, in milliseconds")
    print(f"  page opened, drawn, vectors replayed   {measured['opened']:7.0f}")
    print(f"  first draw                             {first['milliseconds']:7.0f}")
    print(f"  later draws, median                    {median(later, 'milliseconds'):7.0f}")
    print(f"  from the slider to the picture, median {median(later, 'shown'):7.0f}")


def median(draws: list[dict[str, float]], name: str) -> float:
    return statistics.median(draw[name] for draw in draws)


if __name__ == "__main__":
    main()
