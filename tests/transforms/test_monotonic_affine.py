"""MonotonicAffine against zuko."""

import numpy as np
import torch
import zuko

from flowspec.transforms.elementwise.monotonic_affine import MonotonicAffine

RANDOM = np.random.default_rng(0)


def test_equals_zuko(agree):
    shift, log_scale = RANDOM.normal(size=(2, 50)) * 5
    oracle = zuko.transforms.MonotonicAffineTransform(
        torch.tensor(shift), torch.tensor(log_scale), slope=1e-2
    )
    agree(MonotonicAffine(shift, log_scale, slope=1e-2), oracle, RANDOM.normal(size=50), rtol=1e-12)
