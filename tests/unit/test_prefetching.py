"""Scans of slow stores are read ahead, and never give what is not there any more."""

import asyncio
import os
import random
import threading
import time
from collections import Counter

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import Store

VALUES = np.arange(40 * 4, dtype="i4").reshape(40, 4)


class SlowStore(Store):
    """A store that takes its time for each value, tells versions, and counts."""

    def __init__(self):
        self.values = {}
        self.versions = Counter()
        self.forget()

    def forget(self):
        """Begin to count anew."""
        self.got, self.asked = [], []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.broken = set()

    def version(self, key):
        """Tell how often a value was changed; of documents, without counting."""
        if "zarr.json" not in key:
            self.asked.append(key)
        return self.versions[key]

    def get(self, key, byte_range=None):
        """Read, after a while."""
        with self.lock:
            self.got.append(key)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.002)
        with self.lock:
            self.at_once -= 1
            value = self.values.get(key)
        if key in self.broken:
            raise StoreError("no answer", key=key, operation="get")
        return value if value is None or byte_range is None else byte_range.of(value)

    def set(self, key, value):
        """Write a new version."""
        with self.lock:
            self.values[key] = bytes(value)
            self.versions[key] += 1

    def delete(self, key):
        """Delete, which is a version as well."""
        with self.lock:
            self.values.pop(key, None)
            self.versions[key] += 1

    def list(self, prefix=""):
        """List."""
        return iter([key for key in self.values if key.startswith(prefix)])

    def chunks(self):
        """Keys of chunks that were read, those of documents left out."""
        return [key for key in self.got if "zarr.json" not in key]


class BlindStore(SlowStore):
    """One that cannot tell versions."""

    def version(self, key):
        """Not known."""
        if "zarr.json" not in key:
            self.asked.append(key)


def opened(kind=SlowStore, chunks=(1, 4), **keywords):
    """A store with an array of 40 x 4, a new handle of it, and nothing counted yet."""
    store = kind()
    zarrpy.create_array(store, data=VALUES, chunks=chunks)
    array = zarrpy.open_array(store, mode="r", **keywords)
    store.forget()
    return store, array


SCANS = {
    "forward": range(40),
    "backwards": range(39, -1, -1),
    "strided": range(0, 40, 3),
    "strided backwards": range(38, -1, -4),
}


@pytest.mark.parametrize("rows", SCANS.values(), ids=SCANS)
def test_a_scan_fetches_each_chunk_once_and_several_at_a_time(rows):
    """In any direction and with any step; nothing beside it, nothing behind the end."""
    store, array = opened()

    for i in rows:
        assert np.array_equal(array[i], VALUES[i])

    assert sorted(store.chunks()) == sorted(f"c/{i}/0" for i in rows)
    assert store.most_at_once > 1
    info = array.prefetch_info
    assert (info.used, info.stale) == (info.fetched, 0)
    assert info.fetched > 1


def test_a_scan_of_boxes_is_read_ahead(body):
    """Each read takes several chunks, along another axis than the first."""
    values = np.arange(6 * 32).reshape(6, 32)
    store = SlowStore()
    array = zarrpy.create_array(store, data=values, chunks=(2, 2))
    store.forget()

    for x in range(0, 32, 2):
        assert np.array_equal(array[:, x : x + 2], values[:, x : x + 2])

    assert sorted(store.chunks()) == sorted(f"c/{i}/{j}" for i in range(3) for j in range(16))
    assert array.prefetch_info.used > 0


def test_rows_of_one_chunk_take_it_once_it_was_fetched_ahead():
    """Asking for its version is all that the others cost."""
    store, array = opened(chunks=(4, 4))

    for i in range(40):
        assert np.array_equal(array[i], VALUES[i])

    counts = Counter(store.chunks())
    assert set(counts) == {f"c/{i}/0" for i in range(10)}
    assert array.prefetch_info.used > 10
    assert sum(counts.values()) < 40


def test_nothing_is_read_ahead_of_reads_without_an_order():
    """As many requests as chunks that were asked for."""
    store, array = opened()
    rows = [3, 17, 4, 22, 9, 30, 1, 39, 0]

    for i in rows:
        array[i]

    assert store.chunks() == [f"c/{i}/0" for i in rows]
    assert store.asked == []
    assert array.prefetch_info == (0, 0, 0)


@pytest.mark.parametrize(
    ("keywords", "settings"),
    [({"prefetch": False}, {}), ({"prefetch": 0}, {}), ({}, {"prefetch": 0}),
     ({}, {"disable": ["prefetch"]})],
    ids=str,
)  # fmt: skip
def test_reading_ahead_can_be_turned_off(keywords, settings):
    """For a handle, by the settings, and as a fast path."""
    store, array = opened(**keywords)

    with zarrpy.config.set(**settings):
        for i in range(10):
            array[i]

    assert store.asked == []
    assert store.chunks() == [f"c/{i}/0" for i in range(10)]


def test_a_store_that_cannot_tell_versions_is_never_read_ahead():
    """It is asked once, and each chunk is read when it is wanted."""
    store, array = opened(BlindStore)

    for i in range(40):
        assert np.array_equal(array[i], VALUES[i])

    assert store.chunks() == [f"c/{i}/0" for i in range(40)]
    assert len(store.asked) <= zarrpy.config.prefetch
    assert array.prefetch_info == (0, 0, 0)


@pytest.mark.parametrize("most", [1, 3, 20])
def test_no_more_chunks_are_fetched_than_wanted(most):
    """Beyond those that were asked for."""
    store, array = opened(prefetch=most)

    for i in range(6):
        array[i]
    wait_for(store, 6 + most)

    assert sorted(store.chunks()) == sorted(f"c/{i}/0" for i in range(6 + most))


def wait_for(store, n):
    """Wait until so many chunks were read, and nobody reads another one."""
    end = time.monotonic() + 10
    while (len(store.chunks()) < n or store.at_once) and time.monotonic() < end:
        time.sleep(0.001)


def test_memory_bounds_what_is_fetched_ahead():
    """A quarter of `config.max_memory`."""
    store, array = opened(prefetch=20)

    with zarrpy.config.set(max_memory=16 * 4 * 2):
        for i in range(6):
            array[i]
        wait_for(store, 8)

    assert sorted(store.chunks()) == sorted(f"c/{i}/0" for i in range(8))


def test_a_scan_that_breaks_off_takes_back_what_it_wanted():
    """What nobody has begun with is not fetched."""
    store, array = opened(prefetch=30)
    gate = threading.Event()
    get = store.get

    def held(key, byte_range=None):
        if threading.current_thread() is not threading.main_thread():
            gate.wait(10)
        return get(key, byte_range)

    store.get = held
    for i in range(3):
        array[i]
    array[38]
    gate.set()
    for i in (38, 37, 38):
        array[i]

    begun = set(store.chunks()) - {f"c/{i}/0" for i in (0, 1, 2, 37, 38)}
    assert len(begun) <= 4 * os.cpu_count()
    assert len(begun) < 27


def test_what_others_change_meanwhile_is_read_again():
    """A chunk that was fetched ahead and then replaced, or deleted."""
    store, array = opened()
    writer = zarrpy.open(store)
    for i in range(4):
        array[i]
    wait_for(store, 8)

    writer[5] = -1
    store.delete("c/6/0")

    assert np.array_equal(array[4], VALUES[4])
    assert (array[5] == -1).all()
    assert not array[6].any()
    assert np.array_equal(array[7], VALUES[7])
    assert array.prefetch_info.stale == 2


@pytest.mark.parametrize("seed", range(5))
def test_reading_ahead_never_gives_old_data(seed):
    """Against reads of what is stored, with writers in between, in this process and elsewhere."""
    choose = random.Random(seed)
    store, array = opened(prefetch=4)
    other = {key: bytes(value) for key, value in store.values.items()}
    writer, expected = zarrpy.open(store), VALUES.copy()
    at = 0
    for _ in range(150):
        kind = choose.random()
        if kind < 0.1:
            at = choose.randrange(40)
        if kind < 0.3:
            row = (at + choose.randrange(5)) % 40
            if choose.random() < 0.5:
                expected[row] = writer[row] = choose.randrange(1000)
            else:
                store.set(f"c/{row}/0", other[f"c/{row}/0"])
                expected[row] = VALUES[row]
        assert np.array_equal(array[at], expected[at])
        at = (at + 1) % 40

    assert array.prefetch_info.used > 0


def test_an_error_is_raised_by_the_read_that_it_belongs_to():
    """Not by the one before, and not again when the store is well."""
    store, array = opened()
    store.broken = {"c/5/0"}

    for i in range(5):
        assert np.array_equal(array[i], VALUES[i])
    with pytest.raises(StoreError, match="no answer") as caught:
        array[5]
    assert caught.value.key == "c/5/0"
    store.broken = set()
    assert np.array_equal(array[5], VALUES[5])


def test_members_of_a_group_do_as_the_group():
    """As with `cache`."""
    store = SlowStore()
    zarrpy.create_group(store).create_array("a", data=VALUES, chunks=(1, 4))

    assert zarrpy.open_group(store, prefetch=0)["a"].prefetch == 0
    assert zarrpy.open(store)["a"].prefetch is None
    with pytest.raises(ValueError, match="prefetch must be an integer of at least 0"):
        zarrpy.open(store, prefetch=-1)


def test_coroutines_and_threads_may_scan_with_one_handle():
    """What they read is right, whatever the steps look like."""
    _, array = opened()

    async def main():
        return await asyncio.gather(*(array.read.aio(i) for i in range(40)))

    assert np.array_equal(asyncio.run(main()), VALUES)
    failures = []

    def scan(rows):
        for i in rows:
            if not np.array_equal(array[i], VALUES[i]):
                failures.append(i)

    threads = [threading.Thread(target=scan, args=(range(k, 40, 3),)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork: run this on Linux or macOS")
def test_a_forked_child_goes_on_reading():
    """The threads that fetch are not there."""
    _, array = opened()
    for i in range(5):
        array[i]

    child = os.fork()
    if child == 0:
        os._exit(0 if all(np.array_equal(array[i], VALUES[i]) for i in range(5, 20)) else 1)

    assert os.waitpid(child, 0)[1] == 0


def test_files_and_memory_are_not_read_ahead(store):
    """They are as fast as that."""
    zarrpy.create_array(store, data=VALUES, chunks=(1, 4))
    array = zarrpy.open_array(store, mode="r", prefetch=8)

    for i in range(40):
        assert np.array_equal(array[i], VALUES[i])

    assert array.prefetch_info == (0, 0, 0)
