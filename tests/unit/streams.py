"""What tests of streams share: arrays on every kind of grid, and a store that counts and waits."""

from __future__ import annotations

import time
from unittest import mock

import numpy as np

from zarrpy import partition
from zarrpy.stores import MemoryStore, Store

VALUES = np.arange(240).reshape(12, 20)
GRIDS = {
    "regular": {"chunks": (4, 5)},
    "shards": {"chunks": (2, 5), "shards": (4, 10)},
    "rectilinear": {"chunks": [[5, 7], [3, 3, 14]]},
}


class CountingStore(MemoryStore):
    """Counts what is read and written, one by one, and takes its time."""

    get_many = Store.get_many
    set_many = Store.set_many

    def __init__(self, seconds=0.0):
        super().__init__()
        self.seconds = seconds
        self.reads = []
        self.writes = []

    def get(self, key, byte_range=None):
        """Note a reading."""
        self.reads.append(key)
        time.sleep(self.seconds)
        return super().get(key, byte_range)

    def set(self, key, value):
        """Note a writing."""
        self.writes.append(key)
        super().set(key, value)


def small_blocks(nbytes):
    """Make blocks and tasks of reductions small, so that there are many."""
    return mock.patch.multiple(
        partition, BLOCK_NBYTES=nbytes, TASK_NBYTES=2 * nbytes, SHARD_NBYTES=nbytes
    )
