"""python main.py VECTORS, with flow_ufunc in PYTHONPATH: densities as a ufunc of NumPy."""

import sys
from pathlib import Path

import numpy as np
from flow_ufunc import log_prob

words = iter(Path(sys.argv[1]).read_text().split())
columns, variables = int(next(words)), int(next(words))
tolerance, rows = float(next(words)), int(next(words))
table = [[float(next(words)) for _ in range(columns + variables + 1)] for _ in range(rows)]
table = np.array(table, np.float32)
x, context, density = np.split(table, [columns, columns + variables], axis=1)
inputs = [x, context] if variables else [x]

close = {"rtol": tolerance, "atol": tolerance}
np.testing.assert_allclose(log_prob(*inputs), density[:, 0], **close)
dense = [np.ascontiguousarray(table) for table in inputs]
np.testing.assert_allclose(log_prob(*dense), density[:, 0], **close)
# Broadcast: each point with each context, in the shape of both.
grid = log_prob(x[:, None], *inputs[1:])
assert grid.shape == ((rows, rows) if variables else (rows, 1))
np.testing.assert_allclose(np.diag(grid) if variables else grid[:, 0], density[:, 0], **close)
print("ok")
