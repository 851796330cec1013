"""Tests of `zarrpy.engine.drive`: answers to requests, errors on their way, cancellation."""

import asyncio
import sys
import threading
import time

import numpy as np
import pytest

import zarrpy
from zarrpy import config
from zarrpy.engine.budget import WINDOW
from zarrpy.engine.drive import drive, drive_async
from zarrpy.engine.requests import Delete, DeletePrefix, Fetch, ListNames, Put
from zarrpy.errors import StoreError, ZarrError
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


def test_an_interrupt_at_any_line_is_heard_by_the_operation():
    """So that it cleans up before the caller hears of it, and not when memory is collected."""
    store, done = MemoryStore(), []

    def steps():
        done.append("begun")
        try:
            for _ in range(2):
                yield Fetch(("a",))
        finally:
            done.append("clean")
        return "result"

    def interrupted_at(line):
        """Drive, and raise what Ctrl-C does at the n-th line of it."""
        lines = iter(range(line + 1))

        def trace(frame, event, _):
            if frame.f_code is not drive.__code__:
                return None
            if event == "line" and next(lines, None) == line:
                raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        operation = steps()  # held here, so that nobody collects it
        sys.settrace(trace)
        try:
            return drive(store, operation)
        finally:
            sys.settrace(before)

    for line in range(100):
        done.clear()
        try:
            assert interrupted_at(line) == "result"
            break
        except KeyboardInterrupt:
            assert done in ([], ["begun", "clean"]), line
    assert 8 < line < 99


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


def run(store, steps, how):
    """Drive an operation to its end, blocking or in an event loop."""
    return drive(store, steps) if how == "blocking" else asyncio.run(drive_async(store, steps))


both = pytest.mark.parametrize("how", ["blocking", "awaited"])


@both
def test_requests_are_answered_in_their_order(how):
    """Each by what the store does."""

    def steps():
        yield Put((("a/x", b"1"), ("a/y", b"2"), ("b", b"3")))
        fetched = yield Fetch(("a/y", "none", "a/x"))
        names = yield ListNames("a/")
        yield Delete(("a/x", "none"))
        yield DeletePrefix("a/")
        return fetched, names

    store = MemoryStore()

    fetched, names = run(store, steps(), how)

    assert (fetched, names) == ([b"2", None, b"1"], ["x", "y"])
    assert list(store.list()) == ["b"]


class Broken(MemoryStore):
    """A store that fails, so many times."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def get_many(self, keys):
        if self.times:
            self.times -= 1
            raise StoreError("no answer", operation="get")
        return super().get_many(keys)


@both
def test_an_error_of_the_store_is_thrown_into_the_operation(how):
    """There it can be met: with another try, for one."""

    def steps():
        for _ in range(3):
            try:
                return (yield Fetch(("a",)))
            except StoreError:
                continue
        return "gave up"

    assert run(Broken(2), steps(), how) == [None]
    assert run(Broken(3), steps(), how) == "gave up"


@both
def test_an_error_that_is_not_met_comes_out(how):
    """After the operation has cleaned up."""
    cleaned = []

    def steps():
        try:
            yield Fetch(("a",))
        finally:
            cleaned.append(True)

    with pytest.raises(StoreError, match="no answer"):
        run(Broken(1), steps(), how)

    assert cleaned == [True]


@both
def test_an_operation_without_requests_has_a_result(how):
    """It is one all the same."""

    def steps():
        return 7
        yield

    assert run(MemoryStore(), steps(), how) == 7


class Slow(MemoryStore):
    """A store that takes its time, and notes in which thread."""

    threads: set

    def get_many(self, keys):
        self.threads = {threading.current_thread()}
        time.sleep(0.05)
        return super().get_many(keys)


def test_the_event_loop_goes_on_while_a_store_works():
    """Blocking stores work in threads."""
    store = Slow()

    def steps():
        return (yield Fetch(("a",)))

    async def count():
        task = asyncio.ensure_future(drive_async(store, steps()))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    assert asyncio.run(count()) > 1
    assert threading.main_thread() not in store.threads


def test_a_cancelled_operation_cleans_up():
    """What has begun is finished first; then the operation hears of it."""
    seen = []

    def steps():
        try:
            yield Fetch(("a",))
        except BaseException as error:
            seen.append(type(error))
            raise

    async def cancel():
        task = asyncio.ensure_future(drive_async(Slow(), steps()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert seen == [asyncio.CancelledError]


def test_a_cancelled_read_leaves_the_handle_usable(tmp_path):
    """No thread writes into the result any more, and the next read is right."""
    values = np.arange(1 << 20, dtype="i4").reshape(1024, 1024)
    array = zarrpy.create_array(tmp_path / "x", data=values, chunks=(64, 64))

    async def cancel():
        task = asyncio.ensure_future(array.read.aio())
        await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert np.array_equal(array[...], values)


class Counting(MemoryStore):
    """A store that notes how many values are asked for and set at once."""

    def __init__(self):
        super().__init__()
        self.asked, self.given = [], []

    def get_many(self, keys):
        self.asked.append(len(keys))
        return super().get_many(keys)

    def set_many(self, keys, values):
        self.given.append(len(keys))
        super().set_many(keys, values)


def test_chunks_in_hand_are_read_and_written_in_windows(body):
    """Never all chunks of a large selection at once."""
    store = Counting()
    n = 2 * WINDOW + 100
    array = zarrpy.create_array(store, shape=n, chunks=1, dtype="u2", compressors=None)
    store.asked.clear()

    array[...] = np.arange(n) + 1
    found = array[...]

    assert found.tolist() == list(range(1, n + 1))
    assert store.given == [WINDOW, WINDOW, 100]
    assert store.asked == [WINDOW, WINDOW, 100]


def test_whole_chunks_are_written_without_reading_them(body):
    """Only those of which a part is kept are read first."""
    store = Counting()
    array = zarrpy.create_array(store, data=np.arange(8), chunks=2)
    store.asked.clear()

    array[...] = 5
    array[:4] = 6
    assert store.asked == []
    array[3:8] = 7

    assert store.asked == [1]
    assert array[...].tolist() == [6, 6, 6, 7, 7, 7, 7, 7]
