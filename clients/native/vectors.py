"""python vectors.py BUNDLE > vectors.txt: densities and samples, as words for any language.

COLUMNS CONTEXT
TOLERANCE ROWS                    then, for each row: x, context, log_prob
TOLERANCE ROWS SEED FIRST_ROW     then, for each row: context, x, log_prob
"""

import json
import sys
from pathlib import Path


def rows(case, *names):
    """Rows of numbers, without those that the float type does not determine."""
    tables = [
        case[n]["parity"] if isinstance(case[n], dict) else case[n] for n in names if n in case
    ]
    skipped = {*case.get("subnormal", ()), *case.get("unsettled", ())} if "x" in names[:1] else {}
    for i, parts in enumerate(zip(*tables, strict=True)):
        if i not in skipped:
            yield [v for part in parts for v in (part if isinstance(part, list) else [part])]


bundle = Path(sys.argv[1])
about = json.loads((bundle / "flow.json").read_text())
vectors = json.loads((bundle / "vectors.json").read_text())
print(len(about["columns"]), len(about["context"]))
for name, columns in (
    ("log_prob", ("x", "context", "log_prob")),
    ("sample", ("context", "x", "log_prob")),
):
    case = vectors[name]
    table = list(rows(case, *columns))
    tolerance = (case.get("tolerance") or vectors["tolerance"])["relative"]
    stream = [case["seed"], case["first_row"]] if name == "sample" else []
    print(tolerance, len(table), *stream)
    for row in table:
        print(*row)
