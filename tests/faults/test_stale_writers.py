"""Writers who meet those that append, resize or replace their array at the same moment."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.drive import answer
from zarrpy.engine.watch import Watch
from zarrpy.errors import ArrayNotFoundError, ConflictError, NodeNotFoundError
from zarrpy.stores import MemoryStore

OLD = np.arange(30, dtype="i4").reshape(6, 5)
GRIDS = {
    "chunks": {"chunks": (4, 3)},
    "shards": {"chunks": (2, 3), "shards": (4, 3)},
    "v2": {"chunks": (4, 3), "zarr_format": 2},
}
KEYS = {"all": np.s_[...], "the end": np.s_[4:], "a part": np.s_[4:, :2], "inside": np.s_[:4, :3]}


@pytest.fixture
def between(monkeypatch):
    """A function that has something happen between a write's first look and its chunks."""

    def plan(action):
        guard = Watch.guard
        pending = [action]

        def interrupted(self, *args):
            guard(self, *args)
            while pending:
                pending.pop()()

        monkeypatch.setattr(Watch, "guard", interrupted)

    return plan


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_rows_that_are_appended_during_a_write_stay(tmp_path, body, between, grid, key):
    """The chunk at the end is written whole, by a shape that was true a moment ago."""
    array = zarrpy.create_array(tmp_path, data=OLD, **grid)
    other = zarrpy.open(tmp_path, mode="r+")
    between(lambda: other.append(OLD + 100))

    array[key] = -5

    expected = np.concatenate([OLD, OLD + 100])
    expected[:6][key] = -5
    assert np.array_equal(zarrpy.open(tmp_path)[...], expected)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_an_array_that_is_replaced_during_a_write_is_not_spoilt(tmp_path, body, between, grid, key):
    """What was looked at before counts no more under the lock of a chunk."""
    array = zarrpy.create_array(tmp_path, name="a", data=OLD, **grid)
    new = {"data": OLD.astype("f8") / 3, "chunks": (4, 3)}
    between(lambda: zarrpy.create_array(tmp_path, name="a", overwrite=True, **new))

    with pytest.raises(ArrayNotFoundError, match="open it again"):
        array[key] = -5

    assert np.array_equal(zarrpy.open(tmp_path, path="a")[...], OLD / 3)


@pytest.mark.parametrize("key", [np.s_[...], np.s_[4:]], ids=str)
def test_what_an_array_loses_during_a_write_does_not_come_back(tmp_path, body, between, key):
    """Neither is it written, nor does it stand there when the array grows."""
    array = zarrpy.create_array(tmp_path, data=OLD, chunks=(4, 3))
    other = zarrpy.open(tmp_path, mode="r+")
    between(lambda: other.resize((3, 5)))

    with pytest.raises(IndexError, match="open it again"):
        array[key] = -5

    other.resize((6, 5))
    assert not other[3:].any()
    assert np.array_equal(other[:3], OLD[:3])


def test_an_array_that_is_deleted_during_a_write_leaves_no_chunks(tmp_path, body, between):
    """Whoever creates one there would find them in it."""
    array = zarrpy.create_array(tmp_path, name="a", data=OLD, chunks=(4, 3))
    between(lambda: zarrpy.delete(tmp_path, "a"))

    with pytest.raises(NodeNotFoundError):
        array[...] = -5

    again = zarrpy.create_array(tmp_path, name="a", shape=(6, 5), dtype="i4", chunks=(4, 3))
    assert not again[...].any()


def test_attributes_that_change_during_a_write_do_not_matter(tmp_path, body, between):
    """The document is another one, the array is not."""
    array = zarrpy.create_array(tmp_path, data=OLD, chunks=(1, 5))
    other = zarrpy.open(tmp_path, mode="r+")
    between(lambda: other.attrs.update(n=1))

    array[...] = -5

    assert (zarrpy.open(tmp_path)[...] == -5).all()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("place", ["memory", "local"])
def test_a_write_waits_for_an_append_that_is_under_way(tmp_path, body, place, key):
    """Its rows are there already, but the shape does not say so."""
    store = MemoryStore() if place == "memory" else zarrpy.stores.LocalStore(tmp_path)
    array = zarrpy.create_array(store, data=OLD, chunks=(4, 3))
    appender = zarrpy.open(store, mode="r+")
    steps = appender.append.steps(OLD + 100)
    request = next(steps)
    while type(request).__name__ != "Publish":
        request = steps.send(answer(store, request))
    failures = []

    def write():
        try:
            array[key] = -5
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(0.3)
    while request is not None:
        try:
            request = steps.send(answer(store, request))
        except StopIteration:
            break
    writer.join(60)

    assert failures == []
    expected = np.concatenate([OLD, OLD + 100])
    expected[:6][key] = -5
    assert np.array_equal(zarrpy.open(store)[...], expected)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("place", ["memory", "local"])
def test_threads_that_write_the_end_and_append_lose_nothing(tmp_path, place, grid):
    """Through handles that know no more than the first rows."""
    store = MemoryStore() if place == "memory" else zarrpy.stores.LocalStore(tmp_path)
    zarrpy.create_array(store, data=OLD, **grid)
    write_and_append(store, rounds=20)


@pytest.mark.long
def test_many_threads_that_write_the_end_and_append_lose_nothing(tmp_path):
    """As above, 400 rounds in files and in memory."""
    for store in (MemoryStore(), zarrpy.stores.LocalStore(tmp_path)):
        zarrpy.create_array(store, data=OLD, chunks=(4, 3))
        write_and_append(store, rounds=400)


def write_and_append(store, rounds):
    """Write the first rows again and again while others append, then look at all of them."""
    failures = []
    done = threading.Event()
    known = zarrpy.open(store).metadata  # of the first rows: a thread may begin after an append

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as error:
                failures.append(error)
                done.set()

        return threading.Thread(target=run)

    def write():
        array = zarrpy.Array(store, "", known)
        number = 0
        while not done.is_set():
            number += 1
            array[...] = -number

    def append():
        array = zarrpy.open(store, mode="r+")
        for k in range(rounds):
            array.append(np.full((3, 5), k + 1))
        done.set()

    threads = [guarded(write), guarded(write), guarded(append)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    found = zarrpy.open(store)[...]
    assert np.array_equal(found[6::3, 0], np.arange(rounds) + 1)
    assert (found[6:].reshape(rounds, -1) == (np.arange(rounds) + 1)[:, None]).all()
    assert (found[:6] < 0).all()


WRITER = """
import sys, zarrpy
array = zarrpy.open(sys.argv[1], mode="r+")
print("ready", flush=True)
number = 0
while True:
    number += 1
    array[...] = -number
"""


def test_processes_that_write_the_end_and_append_lose_nothing(tmp_path):
    """The writer was there first, and never opens the array again."""
    processes_append(tmp_path, 60)


@pytest.mark.long
def test_processes_that_write_the_end_and_append_often_lose_nothing(tmp_path):
    """400 rounds."""
    processes_append(tmp_path, 400)


def processes_append(place, rounds):
    """Append beside a process that writes the first rows."""
    array = zarrpy.create_array(place, data=OLD, chunks=(4, 3))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, place], stdout=subprocess.PIPE)
    try:
        writer.stdout.readline()
        for k in range(rounds):
            array.append(np.full((3, 5), k + 1))
        assert writer.poll() is None
    finally:
        writer.terminate()
        writer.stdout.close()
        writer.wait(20)
    found = zarrpy.open(place)[...]
    assert (found[6:].reshape(rounds, -1) == (np.arange(rounds) + 1)[:, None]).all()


@pytest.mark.parametrize("keys", ["default", "v2"])
@pytest.mark.parametrize("place", ["memory", "local"])
def test_threads_that_write_and_replace_never_spoil_an_array(tmp_path, place, keys):
    """Whoever writes by an old handle is told so, and opens the array again."""
    store = MemoryStore() if place == "memory" else zarrpy.stores.LocalStore(tmp_path)
    write_and_replace(store, keys, 40)


@pytest.mark.long
@pytest.mark.parametrize("keys", ["default", "v2"])
def test_threads_that_write_and_replace_often_never_spoil_an_array(tmp_path, keys):
    """In files and in memory."""
    for store in (MemoryStore(), zarrpy.stores.LocalStore(tmp_path)):
        write_and_replace(store, keys, 400)


def write_and_replace(store, keys, rounds):
    """Replace an array by one of another type and size while a thread writes to whatever is there.

    Each array has one value everywhere, which tells its type; a writer writes that of the array
    that it has opened.
    """
    kinds = [("i4", (4, 3), 4), ("f8", (2, 5), 8), ("u1", (6, 5), 1)]

    def create(k):
        dtype, chunks, value = kinds[k % 3]
        zarrpy.create_array(
            store, name="a", data=np.full((6, 5), value, dtype), chunks=chunks, overwrite=True,
            compressors=None, chunk_key_encoding={"name": keys},
        )  # fmt: skip

    create(0)
    done = threading.Event()
    failures = []
    refused = []

    def write():
        while not done.is_set():
            try:
                array = zarrpy.open(store, path="a", mode="r+")
                for i in range(20):
                    array[i % 6] = array.dtype.itemsize
            except (NodeNotFoundError, ConflictError) as error:
                refused.append(error)
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for k in range(1, rounds):
            create(k)
            time.sleep(0)
            found = zarrpy.open(store, path="a")
            assert (found[...] == kinds[k % 3][2]).all()
    finally:
        done.set()
        for thread in threads:
            thread.join()

    assert failures == []
    found = zarrpy.open(store, path="a")
    assert (found[...] == found.dtype.itemsize).all()
