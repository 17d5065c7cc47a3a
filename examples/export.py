"""Compile every example: `python examples/export.py [DIRECTORY]` (default: exported/).

Examples that learn take their weights from examples/weights/, where `flowspec fit` left them.
Same input, same graphs, byte for byte; vectors to their tolerance.
"""

from __future__ import annotations

import sys
from pathlib import Path

import flowspec

EXAMPLES = Path(__file__).parent


def export(directory: Path) -> list[Path]:
    """Compile all examples; the bundles, in order of their names."""
    written = []
    for source in sorted(EXAMPLES.glob("*.flow")):
        weights = EXAMPLES / "weights" / f"{source.stem}.safetensors"
        flow = flowspec.read(source)
        written.append(
            flowspec.compile(flow, directory / source.stem, weights if weights.exists() else None)
        )
    return written


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES.parent / "exported"
    for path in export(target):
        print(f"wrote {path}")
