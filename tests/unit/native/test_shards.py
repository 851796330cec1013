"""What the engine is told of a shard: the order in which its chunks are written."""

from __future__ import annotations

import numpy as np
import pytest

from zarrpy._native.shards import NativeShard
from zarrpy._native.steps import NativeChain

INDEX = NativeChain((), 8, (0, 1), 0)


def shard(sequence):
    """A shard of 2 by 2 chunks, written in that order."""
    order = np.array(sequence, "int64")
    return NativeShard(INDEX, (3, 3), (2, 2), (2, 1), 64, False, order)


def test_any_order_of_all_chunks_will_do():
    """Each chunk has its turn, whenever that is."""
    assert shard([3, 1, 0, 2]).index_range == (-64, 64)


@pytest.mark.parametrize(
    "sequence", [[0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 4], [-1, 1, 2, 3], [0, 1, 2, 3, 3], []]
)
def test_an_order_that_forgets_or_repeats_a_chunk_is_refused(sequence):
    """The engine would write beside the index, or leave a chunk out."""
    with pytest.raises(ValueError, match="not an order of 4 chunks"):
        shard(sequence)
