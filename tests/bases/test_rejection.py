"""The first accepted of a fixed number of proposals."""

import numpy as np

from flowspec.bases.rejection import first_accepted
from flowspec.ops.numpy import NumpyOps


def test_takes_the_first_accepted_and_else_the_last():
    accepted = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]], bool)
    proposals = np.arange(12.0).reshape(3, 4)
    assert first_accepted(NumpyOps(), proposals, accepted).tolist() == [0, 5, 10, 11]
