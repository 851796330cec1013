"""Tests of `zarrpy.engine.drive`: what a cancelled operation leaves behind."""

import asyncio
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy import config
from zarrpy.engine.drive import drive
from zarrpy.errors import ZarrError
from zarrpy.selection import parse
from zarrpy.stores import MemoryStore


class SlowStore(MemoryStore):
    """A memory store that answers `get_many` when it is allowed to, and notes the settings."""

    def __init__(self):
        super().__init__()
        self.asked, self.allowed = threading.Event(), threading.Event()
        self.allowed.set()
        self.busy = False
        self.workers = None

    def get_many(self, keys):
        """Wait, then answer."""
        self.busy = True
        self.workers = config.workers
        self.asked.set()
        assert self.allowed.wait(60)
        self.busy = False
        return super().get_many(keys)


@pytest.fixture
def array(body):
    """Eight ones in four chunks, in memory."""
    return zarrpy.create_array(SlowStore(), data=np.ones(8, "i4"), chunks=2)


def batch_of(array, block, *, writing):
    """The batch of all elements, told to stop before it begins."""
    batch = array._batch(parse(..., array.shape), block, writing=writing)
    batch.cancel()
    return batch


def test_a_cancelled_write_deletes_nothing(array):
    """A chunk that was not encoded is not a chunk to delete."""
    batch = batch_of(array, np.full(8, 2, "i4"), writing=True)

    with pytest.raises(ZarrError, match="4 chunks"):
        drive(array.store, array._run(batch))

    assert array[...].tolist() == [1] * 8


def test_a_cancelled_read_is_no_result(array):
    """What was not read must not pass for values."""
    batch = batch_of(array, np.zeros(8, "i4"), writing=False)

    with pytest.raises(ZarrError, match="4 chunks"):
        drive(array.store, array._run(batch))


def test_a_write_that_is_cancelled_while_it_waits_keeps_all_values(array):
    """Cancelling twice is no other: what has begun is finished, then the cancellation goes on."""
    array.store.asked.clear()
    array.store.allowed.clear()

    async def cancelled_write():
        task = asyncio.create_task(array.write.aio(slice(1, 7), 2))
        await asyncio.to_thread(array.store.asked.wait, 60)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done()
        array.store.allowed.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not array.store.busy

    asyncio.run(cancelled_write())

    assert array[...].tolist() == [1] * 8


def test_settings_of_the_caller_hold_in_an_awaited_operation(array):
    """The thread that answers an awaited request goes by the settings of who awaits."""

    async def read():
        with config.set(workers=3):
            return await array.read.aio()

    asyncio.run(read())

    assert array.store.workers == 3
