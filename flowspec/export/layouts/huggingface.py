"""The files of a repository of the Hugging Face Hub: the bundle itself, with a card of the Hub.

The card is the bundle's README behind a head of YAML, so that `flow.json` is sealed anew.
"""

from __future__ import annotations

import hashlib
import json

from flowspec.runtime.bundle import Bundle
from flowspec.runtime.formats import OPEN_DIGEST, SEALED_FROM, seal

HEAD = """\
---
library_name: flowspec
tags:
- onnx
- onnxruntime
- normalizing-flow
- density-estimation
{license}---

"""

FROM_THE_HUB = """
## From the Hub

```python
import flowspec
from huggingface_hub import snapshot_download

bundle = flowspec.load(snapshot_download("USER/NAME"))
```

Without FlowSpec, the programs above run in the folder that `snapshot_download` gives.
"""

ATTRIBUTES = """\
*.onnx filter=lfs diff=lfs merge=lfs -text
*.safetensors filter=lfs diff=lfs merge=lfs -text
*.bin filter=lfs diff=lfs merge=lfs -text
*.png filter=lfs diff=lfs merge=lfs -text
"""


def files(bundle: Bundle, license: str = "") -> dict[str, bytes]:
    """Every file of the repository, by its path.

    license   its identifier on the Hub, such as "mit"; "" leaves it out
    """
    head = HEAD.format(license=f"license: {json.dumps(license)}\n" if license else "")
    card = head.encode() + bundle.files["README.md"] + FROM_THE_HUB.encode()
    about = json.loads(json.dumps(bundle.about))
    about["files"]["README.md"] = hashlib.sha256(card).hexdigest()
    if about["format"] >= SEALED_FROM:
        about["digest"] = OPEN_DIGEST
    text = json.dumps(about, indent=1, allow_nan=False) + "\n"
    sealed = seal(text.encode()) if about["format"] >= SEALED_FROM else text.encode()
    return {
        **_of_training(bundle),
        **bundle.files,
        "README.md": card,
        "flow.json": sealed,
        ".gitattributes": ATTRIBUTES.encode(),
    }


def _of_training(bundle: Bundle) -> dict[str, bytes]:
    """The files that a training left beside the bundle's own."""
    names = ("metrics.json", "training.csv")
    beside = [bundle.path / name for name in names] + sorted(bundle.path.glob("*.png"))
    return {file.name: file.read_bytes() for file in beside if file.is_file()}
