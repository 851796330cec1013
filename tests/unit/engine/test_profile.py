"""Tests of `zarrpy.engine.profile`: what is counted is what happened."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import profile as module
from zarrpy.stores import LocalStore, MemoryStore

VALUES = np.random.default_rng(1).integers(1, 200, (120, 90)).astype("i4")
LAYOUTS = {
    "plain": {"chunks": (32, 32), "compressors": "zstd:1"},
    "uncompressed": {"chunks": (32, 32), "compressors": None},
    "blosc": {"chunks": (120, 90), "compressors": zarrpy.codecs.Blosc(blocksize=4096)},
    "shards": {"chunks": (8, 16), "shards": (32, 32), "compressors": "zstd:1"},
    "index at the start": {
        "chunks": (8, 16), "shards": {"shape": (64, 32), "index_location": "start"},
    },
}  # fmt: skip
WINDOWS = {
    "all": np.s_[...],
    "a window": np.s_[30:50, 10:40],
    "rows apart": np.s_[::17, ::-31],
    "one element": np.s_[3, 5],
    "points": ([0, 90, 3], [0, 70, 80]),
}


def made(store, layout, values=VALUES):
    """An array of one of the layouts."""
    return zarrpy.create_array(store, data=values, **LAYOUTS[layout])


def profiled(action):
    """What an action does, without what it does the first time only."""
    action()
    with zarrpy.profile() as p:
        action()
    return p


# ------------------------------------------------------------------------------- system calls


def kernel_counts():
    """Calls and bytes of reads and writes of this process; of this look, all but its own read."""
    file = os.open("/proc/self/io", os.O_RDONLY)
    text = os.read(file, 4096)
    os.close(file)
    numbers = {line.split(b":")[0].decode(): int(line.split()[1]) for line in text.splitlines()}
    return numbers, len(text)


def counted_by_the_kernel(action):
    """(reads, bytes read, writes, bytes written) of an action."""
    before, length = kernel_counts()
    action()
    after, _ = kernel_counts()
    grown = {name: after[name] - before[name] for name in after}
    return grown["syscr"] - 1, grown["rchar"] - length, grown["syscw"], grown["wchar"]


linux = pytest.mark.skipif(
    not os.path.exists("/proc/self/io"),
    reason="needs the counts of /proc/self/io: run this on Linux",
)


@linux
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_are_those_that_the_kernel_counts(tmp_path, body, layout, window):
    """As many calls and as many bytes, of whole chunks, parts, shards, on one thread and more."""
    array = made(tmp_path / "a.zarr", layout)
    array[WINDOWS[window]]

    with zarrpy.profile() as p:
        calls, nbytes, _, _ = counted_by_the_kernel(lambda: array[WINDOWS[window]])

    assert (p.total.gets, p.total.bytes_read) == (calls, nbytes)
    assert (p.total.calls, p.total.requests) == (1, calls)


@linux
@pytest.mark.parametrize("window", ["all", "a window", "rows apart", "one element"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_writes_are_those_that_the_kernel_counts(tmp_path, body, layout, window):
    """What is written in part is read before; documents are looked at besides."""
    array = made(tmp_path / "a.zarr", layout)
    array[WINDOWS[window]] = 7

    with zarrpy.profile() as p:
        counts = counted_by_the_kernel(lambda: array.write(WINDOWS[window], 8))

    total = p.total
    assert (total.gets, total.bytes_read, total.sets, total.bytes_written) == counts


@linux
def test_reads_of_all_threads_count(tmp_path, settle):
    """Helpers of the pool count for themselves, and nothing of it is lost."""
    values = np.random.default_rng(2).integers(1, 9, (1000, 1000))
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(50, 50), compressors="lz4")
    settle()

    with zarrpy.config.set(workers=4):
        array[...]
        with zarrpy.profile() as p:
            calls, nbytes, _, _ = counted_by_the_kernel(lambda: array[...])

    assert (p.total.gets, p.total.bytes_read) == (calls, nbytes)
    assert (p.total.chunks, p.total.chunks_read, p.total.gets) == (400, 400, 400)
    assert p.total.bytes_decoded == p.total.bytes_asked == values.nbytes


def test_requests_are_those_that_a_store_counts(counting_store):
    """Of a store that is not made of files, by what it was asked."""
    array = made(counting_store, "plain")
    counting_store.forget()

    with zarrpy.profile() as p:
        array[:40] = array[5:45]

    keys = [key for keys in counting_store.reads for key in keys]
    assert (p.total.gets, p.total.sets) == (len(keys), len(counting_store.written))
    assert p.total.bytes_written == sum(
        len(counting_store.get(key)) for key in set(counting_store.written)
    )


# ----------------------------------------------------------------------------------- by hand


def test_chunks_are_told_apart(store, body):
    """Stored, absent, written, and empty because they hold only the fill value."""
    array = zarrpy.create_array(store, shape=(4, 4), dtype="i2", chunks=(2, 2), compressors=None)

    with zarrpy.profile() as writing:
        array[:, :2] = [[1, 2], [3, 4], [0, 0], [0, 0]]
    with zarrpy.profile() as reading:
        array[:, 1:]

    (wrote,), (read,) = writing.arrays.values(), reading.arrays.values()
    assert (wrote.chunks, wrote.chunks_written, wrote.chunks_empty) == (2, 1, 1)
    assert (wrote.bytes_encoded, wrote.bytes_written, wrote.sets) == (8, 8, 1)
    assert (read.chunks, read.chunks_read, read.chunks_absent) == (4, 1, 3)
    assert (read.gets, read.bytes_read, read.bytes_decoded, read.bytes_asked) == (4, 8, 8, 24)
    assert read.amplification == 8 / 24


def test_of_a_part_only_its_blocks_are_decoded(store):
    """Where the codec can do that; amplification tells."""
    values = np.arange(1 << 20, dtype="f4")
    codec = zarrpy.codecs.Blosc(blocksize=1 << 14)
    array = zarrpy.create_array(store, data=values, chunks=len(values), compressors=codec)

    p = profiled(lambda: array[5000:5010])
    with zarrpy.config.set(disable=["partial"]):
        whole = profiled(lambda: array[5000:5010])

    block = int.from_bytes(store.get("c/0")[8:12], "little")  # as the header of the chunk says
    assert p.total.bytes_decoded == block < values.nbytes / 10
    assert p.total.amplification == block / 40
    assert (p.total.chunks_read, whole.total.chunks_read) == (1, 1)
    assert whole.total.bytes_decoded == values.nbytes


def test_a_chunk_that_the_cache_has_is_not_read(tmp_path, settle):
    """It counts as such."""
    path = tmp_path / "a.zarr"
    made(path, "shards")
    for file in path.rglob("*"):
        os.utime(file, (1, 1))
    settle()
    array = zarrpy.open_array(path, mode="r", cache=True)
    try:
        zarrpy.engine.cache._cache.resize(1 << 20, 0)
        p = profiled(lambda: array[...])
    finally:
        zarrpy.engine.cache._cache.resize(0, 1_000_000_000)
        zarrpy.cache_clear()

    assert (p.total.chunks, p.total.chunks_cached, p.total.gets) == (90, 90, 0)


@pytest.mark.parametrize("layout", ["plain", "shards"])
def test_time_goes_to_what_it_is_spent_on(store, body, layout):
    """Store, codec and copying take some of it; each is part of the whole on one thread."""
    array = made(store, layout)

    with zarrpy.config.set(workers=1), zarrpy.profile() as p:
        array[::2]
        array[1:50] = 5

    total = p.total
    parts = [total.seconds_store, total.seconds_codec, total.seconds_copy, total.seconds_plan]
    assert total.seconds_store > 0 < total.seconds_codec
    if body == "native":  # the other one copies while it decodes
        assert total.seconds_copy > 0 < total.seconds_plan
    assert total.seconds_wait == 0
    assert sum(parts) <= total.seconds <= p.elapsed


def test_waiting_for_another_writer_is_told(tmp_path, body):
    """The lock of a file is in other hands for a while."""
    store = LocalStore(tmp_path / "a.zarr")
    array = made(store, "plain")
    held = store.exclusive("c/0/0")
    writer = threading.Thread(target=array.write, args=(np.s_[:5, :5], 3))

    with zarrpy.profile() as p:
        writer.start()
        time.sleep(0.3)
        held.__exit__()
        writer.join()

    assert p.total.seconds_wait > 0
    assert "wait" in repr(p)


def test_waiting_for_another_thread_is_told():
    """Keys of a store in memory have locks, too."""
    store = MemoryStore()
    array = made(store, "plain")
    writer = threading.Thread(target=array.write, args=(np.s_[:5, :5], 3))

    with zarrpy.profile() as p:
        with zarrpy.engine.locks.hold(store.lock_scope, ["c/0/0"]):
            writer.start()
            time.sleep(0.3)
        writer.join()

    assert p.total.seconds_wait > 0


# ------------------------------------------------------------------------------ whose calls


def test_calls_of_all_threads_of_the_process_count(tmp_path, settle, body):
    """At the same time, on one array, none is lost."""
    array = made(tmp_path / "a.zarr", "shards")
    settle()
    one = profiled(lambda: array[5:100])

    with zarrpy.profile() as p, ThreadPoolExecutor(8) as threads:
        for _ in range(64):
            threads.submit(lambda: array[5:100])

    names = ("calls", "chunks", "gets", "bytes_read", "bytes_decoded", "bytes_asked")
    assert [getattr(p.total, n) for n in names] == [64 * getattr(one.total, n) for n in names]


def test_streams_reductions_and_event_loops_count(store):
    """Whoever reads in the end, it is a read."""
    array = made(store, "plain")
    array.sum()

    with zarrpy.profile() as p:
        array.sum()
        assert len(list(array.iter_chunks())) == 12
        asyncio.run(array.read.aio())

    assert p.total.chunks == 3 * 12


def test_only_calls_while_it_is_on_count(store):
    """One may be on while another is, and may be entered again."""
    array = made(store, "plain")
    outer, inner = zarrpy.profile(), zarrpy.profile()

    array[0]
    with outer:
        array[0]
        with inner:
            array[0]
    array[0]
    with outer, pytest.raises(RuntimeError, match="on already"):
        outer.__enter__()

    assert (outer.total.calls, inner.total.calls) == (2, 1)
    assert module._on == ()


def test_a_call_that_fails_counts_and_the_profile_ends(store):
    """What it did before is told."""
    array = zarrpy.create_array(store, data=np.ones(4), chunks=2, compressors="zstd")
    array.store.set("c/1", b"no chunk")

    with pytest.raises(zarrpy.CorruptChunkError), zarrpy.profile() as p:
        array[...]

    counts = p.arrays[array.store.place_of("")]
    assert (counts.calls, counts.gets) == (1, 2)
    assert module._on == ()


def test_nothing_is_counted_while_none_is_on(store, body, monkeypatch):
    """No tally is made, so that no clock is read."""
    array = made(store, "shards")
    monkeypatch.delattr(module, "Tally")
    monkeypatch.delattr(module, "monotonic_ns")

    array[:9] = array[1:10]

    with pytest.raises(NameError):
        zarrpy.profile().__enter__()


# ----------------------------------------------------------------------------------- telling


def test_each_array_has_its_counts_and_documents_theirs(store):
    """By the places of the arrays; what is no chunk is told apart."""
    group = zarrpy.create_group(store)
    one = group.create_array("one", data=VALUES, chunks=(60, 90))
    group.create_array("two", data=VALUES, chunks=(60, 90))

    with zarrpy.profile() as p:
        one[...]
        zarrpy.open_group(store)["two"][:60]
        group.keys()

    names = {name.rpartition("/")[2]: counts for name, counts in p.arrays.items()}
    assert {name: counts.chunks for name, counts in names.items()} == {"one": 2, "two": 1}
    assert p.documents.gets > 0
    assert p.documents.seconds_store > 0
    assert p.total.gets == 3 + p.documents.gets


def test_arrays_of_one_path_in_two_stores_are_two():
    """Stores in memory have no other name for them."""
    arrays = [made({}, "plain"), made({}, "plain")]

    with zarrpy.profile() as p:
        for array in arrays:
            array[0]

    assert [(name, c.calls) for name, c in p.arrays.items()] == [("/", 1), ("/ (2)", 1)]


def test_a_profile_is_shown_as_a_table(store, settle):
    """A line for each array, and columns in which there is something."""
    array = made(store, "uncompressed")
    settle()
    array[...]

    with zarrpy.profile() as p:
        array[...]

    lines = repr(p).splitlines()
    assert lines[0].startswith("<zarrpy.Profile 1 call in ")
    assert len(lines) == 3
    assert lines[1].split()[:5] == ["calls", "chunks", "requests", "asked", "read"]
    assert "12" in lines[2]
    assert "written" not in lines[1]
    assert repr(zarrpy.profile()).startswith("<zarrpy.Profile 0 calls in ")


def test_a_profile_is_a_dictionary_of_plain_numbers(store):
    """For programs, and for JSON."""
    array = made(store, "plain")

    with zarrpy.profile() as p:
        array[0]

    found = p.as_dict()
    (counts,) = found["arrays"].values()
    assert counts["chunks"] == found["chunks"] == 3
    assert counts["requests"] == counts["gets"] == 3
    assert found["elapsed"] >= found["seconds"] > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork: run this on Linux")
@pytest.mark.skipif(
    sys.platform == "darwin",
    reason="threads do not survive fork: run this on Linux",
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_counts_for_itself(tmp_path):
    """Profiles of its parent are off there, and can be left."""
    array = made(tmp_path / "a.zarr", "plain")
    with zarrpy.profile() as p:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                array[0]
                code = 0 if p.total.calls == 0 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
