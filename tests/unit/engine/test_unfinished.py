"""A batch that did not come to its end never passes for one that did."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ZarrError
from zarrpy.selection import parse


@pytest.mark.parametrize("disable", [set(), {"native"}])
@pytest.mark.parametrize("writing", [False, True])
def test_a_cancelled_batch_is_an_error(disable, writing):
    """What was not worked on is told, so that nobody takes unwritten memory for data."""
    array = zarrpy.create_array({}, shape=(8, 8), dtype="int32", chunks=(2, 8))
    with zarrpy.config.set(disable=disable):
        batch = array._batch(parse(..., array.shape), np.zeros((8, 8), "int32"), writing=writing)
    batch.name_keys("c/", "/", "c")
    batch.open_window(0, batch.ntasks)
    batch.feed([None] * batch.ntasks)
    batch.cancel()

    batch.run()

    with pytest.raises(ZarrError, match="4 chunks"):
        batch.check()
