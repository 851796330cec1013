"""Decoded chunks are kept where that was asked for, and never in the place of what is stored."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy.engine import cache as process_cache

SHAPE = (12, 10)
OLD = time.time() - 1000


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch):
    """Each test has a cache of its own, which trusts a file at once: see `settled`."""
    monkeypatch.setattr(process_cache, "_cache", process_cache.ChunkCache(0, 0))
    yield
    zarrpy.cache_clear()


def at_once(limit=1 << 20):
    """Keep chunks of files that were written this moment."""
    process_cache._cache.resize(limit, 0)


@pytest.fixture(params=[None, (6, 5)], ids=["chunks", "shards"])
def path(request, tmp_path):
    """An array of numbers on disk, of chunks or of shards."""
    values = np.arange(120, dtype="int32").reshape(SHAPE)
    place = tmp_path / "a.zarr"
    zarrpy.create_array(place, data=values, chunks=(3, 5), shards=request.param)
    at_once()
    return place


def files(path):
    """The stored chunks or shards."""
    return sorted(p for p in path.rglob("c/*/*") if p.is_file())


def test_what_was_read_once_is_not_decoded_again(path):
    """The second reading finds every chunk that the first one left."""
    array = zarrpy.open_array(path, mode="r", cache=True)

    first, second = array[...], array[2:9, ::-2]

    np.testing.assert_array_equal(second, first[2:9, ::-2])
    info = zarrpy.cache_info()
    assert (info.misses, info.hits) == (8, 6)  # of 4 x 2 chunks, rows 2 to 8 lie in 3 x 2
    assert first.nbytes <= info.nbytes <= info.limit


def test_no_cache_is_used_unless_it_is_asked_for(path):
    """By default nothing is kept, and the switch keeps it so."""
    zarrpy.open_array(path)[...]
    zarrpy.open_array(path, cache=False)[...]
    with zarrpy.config.set(disable=["cache"]):
        zarrpy.open_array(path, cache=True)[...]

    assert zarrpy.cache_info()[1:] == (0, 0, 0, 0, 0)


def test_a_cache_gives_what_the_switch_reads_anew(path):
    """The first time and the second, whole chunks and parts of them."""
    array = zarrpy.open_array(path, cache=True)
    keys = [np.s_[...], np.s_[2:9, ::-2], np.s_[[0, 7, 3]], np.s_[4, 4]]

    kept = [array[key] for key in keys for _ in range(2)]
    with zarrpy.config.set(disable=["cache"]):
        anew = [array[key] for key in keys for _ in range(2)]

    assert zarrpy.cache_info().hits > 0
    for one, other in zip(kept, anew, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_settings_turn_the_cache_on_for_all_arrays(path):
    """`config.cache` counts where a handle has no wish of its own."""
    with zarrpy.config.set(cache="1MiB"):
        array = zarrpy.open_array(path)
        array[...]
        zarrpy.open_array(path, cache=False)[...]
        assert (array[...] == zarrpy.open_array(path, cache=False)[...]).all()

    assert (zarrpy.cache_info().misses, zarrpy.cache_info().hits) == (8, 8)


def test_members_of_a_group_keep_as_the_group_does(tmp_path):
    """The wish is handed down."""
    made = zarrpy.create_group(tmp_path)
    made.create_array("below/a", data=np.ones(4))
    at_once()

    group = zarrpy.open_group(tmp_path, cache="64KiB")

    assert group["below/a"].cache == group["below"]["a"].cache == 64 << 10


def test_own_writes_are_seen(path):
    """A chunk that was written through zarrpy is read again."""
    array = zarrpy.open_array(path, cache=True)
    expected = array[...]

    array[1:4, 2:7] = expected[1:4, 2:7] = -1

    np.testing.assert_array_equal(array[...], expected)


def test_a_file_put_in_the_place_of_a_chunk_is_seen(path):
    """Another writer's rename counts, though size and times are those of the file before."""
    array = zarrpy.open_array(path, cache=True)
    other = zarrpy.create_array(
        path.parent / "b.zarr", data=-array[...], chunks=(3, 5), shards=array.shards
    )
    for file in [*files(path), *files(path.parent / "b.zarr")]:
        os.utime(file, (OLD, OLD))
    array[...]

    for ours, theirs in zip(files(path), files(path.parent / "b.zarr"), strict=True):
        os.replace(theirs, ours)

    np.testing.assert_array_equal(array[...], -np.arange(120).reshape(SHAPE))
    assert other.shape == array.shape


def test_a_file_changed_in_place_is_seen(path):
    """Also when its size and the time of its bytes are set back to what they were."""
    array = zarrpy.open_array(path, cache=True)
    first = files(path)[0]
    array[...]
    stamp = first.stat()
    time.sleep(0.02)  # a tick of the clock: what changes within one is what `settle` is for
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1

    with first.open("r+b") as file:
        file.write(data)
    os.utime(first, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    with pytest.raises(zarrpy.errors.CorruptChunkError):
        array[...]


def test_a_deleted_chunk_reads_as_the_fill_value(path):
    """What is not there is not recalled."""
    array = zarrpy.open_array(path, cache=True)
    array[...]

    for file in files(path):
        file.unlink()

    assert (array[...] == 0).all()


def test_a_file_that_changed_a_moment_ago_is_not_kept(path):
    """Two changes within one tick of a file system's clock look like one."""
    process_cache._cache.resize(1 << 20, 10**9)
    array = zarrpy.open_array(path, cache=True)
    array[0, 0] = 5

    array[...]

    assert zarrpy.cache_info().nchunks == 0


def test_the_least_recently_used_goes_first(tmp_path):
    """The bound in bytes is kept, and what was read last stays."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(4000.0), chunks=500)
    process_cache._cache.resize(10_000, 0)  # two chunks and what they cost beside
    array.cache = 10_000

    for start in (0, 500, 0, 1000, 0):
        array[start : start + 500]

    info = zarrpy.cache_info()
    assert (info.hits, info.misses, info.evicted, info.nchunks) == (2, 3, 1, 2)
    assert info.nbytes <= 10_000


def test_a_chunk_larger_than_the_cache_is_read_all_the_same(tmp_path):
    """It is decoded, and not kept."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(4000.0), chunks=4000)
    process_cache._cache.resize(1000, 0)
    array.cache = 1000

    assert (array[...] == np.arange(4000.0)).all()
    assert zarrpy.cache_info().nbytes == 0


def test_arrays_of_other_types_over_the_same_file_do_not_mix(tmp_path):
    """The same bytes mean something else to another codec chain."""
    a = zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype=">i4"), compressors=None)
    b = zarrpy.create_array(tmp_path / "b", shape=8, dtype="<i4", compressors=None)
    (tmp_path / "b/c").mkdir(exist_ok=True)
    os.link(tmp_path / "a/c/0", tmp_path / "b/c/0")
    at_once()
    a.cache = b.cache = 1 << 20

    np.testing.assert_array_equal(b[...], a[...].byteswap())


@given(st.data())
def test_reading_by_way_of_the_cache_equals_reading(tmp_path_factory, data):
    """Whatever is selected, and whoever writes in between."""
    place = tmp_path_factory.mktemp("cache") / "a"
    values = np.arange(120, dtype="float64").reshape(SHAPE)
    shards = data.draw(st.sampled_from([None, (6, 10)]))
    zarrpy.create_array(place, data=values, chunks=(3, 5), shards=shards)
    at_once(data.draw(st.sampled_from([2000, 1 << 20])))
    cached = zarrpy.open_array(place, cache=1000)
    writer = zarrpy.open_array(place)

    for step in range(data.draw(st.integers(1, 5))):
        bounds = [sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in SHAPE]
        part = tuple(slice(*pair) for pair in bounds)
        if data.draw(st.booleans()):
            time.sleep(0.011)  # files are told apart by ticks
            writer[part] = values[part] = step
        rows = data.draw(st.lists(st.integers(0, 11), min_size=1, max_size=4))
        for selection in (part, (slice(None, None, 3), -1), (rows, slice(1, None, 2))):
            np.testing.assert_array_equal(cached[selection], values[selection])


def write_chunk(file, chunk, way):
    """Write a chunk as a program does that knows nothing of zarrpy."""
    if way == "in place":
        with file.open("r+b" if file.exists() else "wb") as opened:
            opened.write(chunk.tobytes())
    elif way == "renamed":
        new = file.with_name("new")
        new.write_bytes(chunk.tobytes())
        new.replace(file)
    else:
        file.unlink(missing_ok=True)


@given(st.data())
def test_a_cache_gives_what_a_foreign_writer_has_written(tmp_path_factory, data):
    """Without locks, in the place of a chunk or under another name first, or by deleting it."""
    place = tmp_path_factory.mktemp("cache") / "a"
    values = np.arange(120, dtype="float64").reshape(SHAPE)
    zarrpy.create_array(place, data=values, chunks=(3, 5), compressors=None)
    at_once(data.draw(st.sampled_from([500, 2000, 1 << 20])))
    cached = zarrpy.open_array(place, cache=1000)

    for step in range(1, data.draw(st.integers(2, 6))):
        np.testing.assert_array_equal(cached[...], values)
        time.sleep(0.011)  # files are told apart by ticks
        for _ in range(data.draw(st.integers(1, 3))):
            i, j = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 1)))
            way = data.draw(st.sampled_from(["in place", "renamed", "deleted"]))
            chunk = values[3 * i : 3 * i + 3, 5 * j : 5 * j + 5]
            chunk[...] = 0 if way == "deleted" else step
            write_chunk(place / f"c/{i}/{j}", chunk, way)
        i = data.draw(st.integers(0, 11))
        for selection in ((i, slice(None)), (slice(None, None, 3), -1), ([i, 0], slice(1, 9, 2))):
            np.testing.assert_array_equal(cached[selection], values[selection])


def test_many_threads_share_the_cache(tmp_path):
    """What they read is right while chunks come and go."""
    values = np.arange(64000.0).reshape(64, 1000)
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(4, 500))
    process_cache._cache.resize(100_000, 0)
    array.cache = 100_000
    wrong = []

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            i, n = int(rng.integers(64)), int(rng.integers(1, 20))
            if not (array[i : i + n, 100:900] == values[i : i + n, 100:900]).all():
                wrong.append(i)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert zarrpy.cache_info().hits > 0


def test_a_child_process_begins_with_an_empty_cache(path):
    """Nothing of the parent's is waited for, and reading works."""
    array = zarrpy.open_array(path, cache=True)
    array[...]

    child = os.fork()
    if child == 0:
        process_cache._cache.after_fork()
        fine = (array[...] == np.arange(120).reshape(SHAPE)).all()
        os._exit(0 if fine and zarrpy.cache_info().misses == 8 else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("wish", ["much", -1, 1.5])
def test_a_size_that_is_none_is_refused(path, wish):
    """The error names the keyword."""
    with pytest.raises(ValueError, match="cache"):
        zarrpy.open_array(path, cache=wish)
