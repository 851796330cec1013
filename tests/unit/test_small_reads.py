"""The short way to a few elements: the same elements as by the long way, and the same errors."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.crc32c import crc32c_slowly
from zarrpy.engine import pool
from zarrpy.stores import MemoryStore

#: Seconds after which the state of a document is trusted.
SETTLED = 0.05
SHAPE = (9, 10, 7)
VALUES = np.arange(np.prod(SHAPE), dtype="f4").reshape(SHAPE)


@pytest.fixture(params=["plain", "blosc", "shards", "big endian", "transposed"])
def array(request, tmp_path):
    """An array in files, of each kind that the short way leads to."""
    how = {
        "plain": {"chunks": (4, 5, 3), "compressors": None},
        "blosc": {"chunks": (4, 5, 3), "compressors": "blosc"},
        "shards": {"chunks": (2, 5, 3), "shards": (4, 10, 6)},
        "big endian": {"chunks": (4, 5, 3), "zarr_format": 2, "dtype": ">f4"},
        "transposed": {"chunks": (4, 5, 3), "order": "F"},
    }[request.param]
    made = zarrpy.create_array(
        tmp_path / "a.zarr", shape=SHAPE, fill_value=-1, **{"dtype": "f4", **how}
    )
    made[...] = VALUES
    time.sleep(SETTLED)
    return made


def long_way(array, key):
    """Read with the short way closed."""
    with zarrpy.config.set(disable="small"):
        return array[key]


KEYS = [
    (0, 0, 0),
    (-1, -1, -1),
    (np.int64(3), 4, np.uint8(2)),
    3,
    np.int32(-2),
    slice(2, 4),
    (slice(None), 3, 4),
    (2, slice(None, None, -1), slice(5, None, -2)),
    (slice(8, 0, -3), slice(1, 9, 4), -1),
    (Ellipsis, 2),
    (1, Ellipsis),
    (1, Ellipsis, 2),
    (1, 2, Ellipsis, 3),
    (1, 2, 3, Ellipsis),
    Ellipsis,
    (),
    (slice(3, 3), 1),
    (slice(100, 200),),
    (slice(-3, 100), slice(0, 1), slice(6, 5)),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_what_is_read_is_what_numpy_selects(array, key):
    """Values, shape, and whether it is a scalar."""
    found, expected = array[key], VALUES[key]

    assert array._read_small(key) is not None
    np.testing.assert_array_equal(found, expected)
    assert type(found) is type(expected)
    assert found.dtype == long_way(array, key).dtype


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_view_is_read_the_same_way(array, key):
    """With its axes in whatever order, in memory of its own that is laid out in theirs."""
    for view, expected in (
        (array.lazy[key], VALUES[key]),
        (array.lazy.T[::-1][key], VALUES.T[::-1][key]),
        (array.lazy[1:].T[key[::-1] if isinstance(key, tuple) else 0], None),
    ):
        found = view.read()
        with zarrpy.config.set(disable="small"):
            long = view.read()
        if expected is not None:
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(found, long)
        assert (found.dtype, found.shape, found.flags.c_contiguous) == (
            long.dtype,
            long.shape,
            long.flags.c_contiguous,
        )
        assert (view._read_short() is None) == (0 in view.shape)


@pytest.mark.parametrize(
    "key",
    [np.newaxis, [0, 2, 3], np.arange(9) % 4 < 2, (Ellipsis, np.newaxis, 0)],
    ids=["newaxis", "list", "mask", "newaxis behind"],
)
def test_other_views_are_read_the_long_way(array, key):
    """And so is one whose array has become larger."""
    view, whole = array.lazy[key], array.lazy[:, 0]
    assert view._read_short() is None
    np.testing.assert_array_equal(view.read(), VALUES[key])
    array.resize((20, *SHAPE[1:]))
    assert whole._read_short() is None
    np.testing.assert_array_equal(whole.read(), VALUES[:, 0])


@pytest.mark.parametrize(
    "key",
    [
        None,
        (None, 1),
        True,
        (np.bool_(True), 1, 1),
        [1, 2],
        (slice(None), [0, 2], 1),
        (slice(0, 2), np.arange(3)),
        VALUES > 5,
    ],
    ids=str,
)
def test_other_kinds_of_selections_go_the_long_way(array, key):
    """And give the same as NumPy."""
    assert array._read_small(key) is None

    np.testing.assert_array_equal(array[key], VALUES[key])


@pytest.mark.parametrize(
    "key",
    [
        9,
        -10,
        (0, 10),
        (0, 0, 0, 0),
        (0, 0, 0, 0, Ellipsis),
        (Ellipsis, Ellipsis),
        10**30,
        1.0,
        slice(0, 1, 0),
        slice("a", "b"),
        slice(0.5, 1),
    ],
    ids=repr,
)
def test_what_numpy_refuses_is_refused_by_the_long_way(array, key):
    """The short way raises nothing of its own."""
    assert array._read_small(key) is None
    with pytest.raises((IndexError, TypeError, ValueError)) as ours:
        array[key]
    with pytest.raises(type(ours.value).__mro__[-3]):
        VALUES[key]


def test_a_column_of_large_shards_is_little_work(tmp_path, monkeypatch):
    """What counts is the chunks that are decoded, not the shards from end to end."""
    monkeypatch.setattr("zarrpy.small_reads._MOST_NBYTES", 1 << 20)
    values = np.arange(256 * 64 * 64, dtype="u4").reshape(256, 64, 64)
    array = zarrpy.create_array(
        tmp_path / "a.zarr", data=values, chunks=(64, 4, 4), shards=(256, 64, 64)
    )
    time.sleep(SETTLED)

    np.testing.assert_array_equal(array._read_small((slice(None), 5, 60)), values[:, 5, 60])
    assert array._read_small((Ellipsis, slice(0, 16))) is None


def test_chunks_that_are_absent_read_as_the_fill_value(tmp_path):
    """By the long way, unless the array is known to be there still."""
    array = zarrpy.create_array(tmp_path / "a.zarr", shape=9, chunks=4, dtype="i2", fill_value=7)

    assert array._read_small(3) is None
    assert array[3] == 7
    time.sleep(SETTLED)
    assert array[3] == 7
    assert array._read_small(slice(3, 9)).tolist() == [7] * 6


def test_a_changed_chunk_is_read_anew(array):
    """Nothing of the data is kept."""
    assert array[1, 2, 3] == VALUES[1, 2, 3]

    array[1, 2, 3] = 1000

    assert array[1, 2, 3] == 1000


def test_another_array_in_the_same_place_is_noticed(tmp_path):
    """The directory is looked up anew each time."""
    first = zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype="i4"), chunks=4)
    zarrpy.create_array(tmp_path / "b", data=np.arange(8, dtype="i4") + 50, chunks=4)
    assert first[3] == 3

    shutil.move(tmp_path / "a", tmp_path / "c")
    shutil.move(tmp_path / "b", tmp_path / "a")

    assert first[3] == 53


def test_a_vanished_array_is_an_error(tmp_path):
    """As by the long way."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype="i4"), chunks=4)
    assert array[3] == 3

    shutil.rmtree(tmp_path / "a")

    with pytest.raises(zarrpy.NodeNotFoundError, match="went away"):
        array[3]


def test_a_damaged_chunk_is_an_error_that_names_it(tmp_path):
    """The long way tells."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype="i4"), chunks=4)
    (tmp_path / "a" / "c" / "1").write_bytes(b"nonsense")

    assert array[0] == 0
    with pytest.raises(zarrpy.CorruptChunkError, match="c/1"):
        array[5]


def test_settings_are_followed_at_once(tmp_path):
    """What asks for more than the elements goes the long way."""
    array = zarrpy.create_array(tmp_path / "a", shape=8, chunks=4, dtype="i4")
    array[:4] = 1
    time.sleep(SETTLED)
    assert array[0] == 1

    for settings in ({"missing": "mask"}, {"disable": "native"}, {"disable": "small"}):
        with zarrpy.config.set(**settings):
            assert array._read_small(0) is None
            assert array[0] == 1
    with zarrpy.config.set(missing="error"), pytest.raises(zarrpy.MissingChunkError):
        array[5]
    assert array._read_small(0) == 1


def test_growing_is_followed(tmp_path):
    """By the handle that grew, and in both directions."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype="i4"), chunks=4)
    assert array[-1] == 7

    array.append(np.array([8, 9], "i4"))

    assert array[-1] == 9
    array.resize(5)
    assert array[-1] == 4
    with pytest.raises(IndexError):
        array[5]


@pytest.fixture
def megabytes(tmp_path):
    """An array of 6 MiB in files, some of which are absent, that several threads read."""
    values = np.arange(3 << 19, dtype="i4").reshape(96, -1)
    array = zarrpy.create_array(
        tmp_path / "m.zarr", shape=values.shape, chunks=(32, 1000), dtype="i4", fill_value=-1
    )
    array[...] = values
    (tmp_path / "m.zarr/c/1/3").unlink()
    values[32:64, 3000:4000] = -1
    time.sleep(SETTLED)
    assert array[0, 0] == 0
    return array, values


def test_several_threads_read_megabytes(megabytes):
    """And fill in what is absent."""
    array, values = megabytes

    for key in (Ellipsis, slice(10, 90, 3), (slice(None, None, -1), slice(7, 9000))):
        found = array._read_small(key)
        assert found is not None
        assert np.array_equal(found, values[key])
        assert np.array_equal(long_way(array, key), values[key])


def test_more_than_some_megabytes_go_the_long_way(tmp_path):
    """Their memory is taken again, and the signals are looked for there."""
    array = zarrpy.create_array(tmp_path / "a", shape=64 << 20, chunks=1 << 20, dtype="u1")
    array[0] = 1
    time.sleep(SETTLED)
    assert array[0] == 1

    assert array._read_small(Ellipsis) is None
    assert array._read_small(slice(0, 100)) is not None


def test_an_array_that_went_away_is_not_one_of_absent_chunks(megabytes):
    """However much of it is read."""
    array, _ = megabytes
    shutil.rmtree(array.store.root)

    with pytest.raises(zarrpy.NodeNotFoundError):
        array[...]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork: run on another system")
def test_a_forked_process_has_helpers_of_its_own(megabytes):
    """Also when others were reading at that moment."""
    array, values = megabytes
    ended = threading.Event()

    def read_on():
        while not ended.is_set():
            array[...]

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                right = all(np.array_equal(array[...], values) for _ in range(5))
                os._exit(0 if right else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        ended.set()
        reader.join()


def test_threads_of_the_user_read_together(megabytes):
    """Each gets its own, whoever helped; and all permits come back."""
    array, values = megabytes
    keys = [slice(first, first + 40) for first in range(0, 56, 4)]

    with ThreadPoolExecutor(4) as readers:
        for key, found in zip(keys * 5, readers.map(array.__getitem__, keys * 5), strict=True):
            assert np.array_equal(found, values[key])
    most = max(pool.workers() - 1, 0)
    lent = pool.lend("a key", 100)
    del pool.loans()["a key"]
    assert lent == most


@pytest.mark.skipif(sys.platform != "linux", reason="reads peak memory in /proc: run on Linux")
@pytest.mark.parametrize("disable", ["", "small"])
@pytest.mark.parametrize("cache", [None, "1MiB"])
@pytest.mark.parametrize(
    "layout",
    [
        {"compressors": None},
        {"compressors": "crc32c"},
        {"compressors": "blosc"},
        {"compressors": "zstd", "shards": 64},
        {"compressors": "bz2"},
        {"compressors": "bz2", "shards": 64},
    ],
    ids=str,
)
def test_a_file_much_larger_than_its_chunk_is_not_read(tmp_path, layout, cache, disable):
    """Memory is bounded by the metadata, whatever somebody has stored."""
    zarrpy.create_array(tmp_path / "a", data=np.arange(64, dtype="i4"), chunks=16, **layout)
    with open(tmp_path / "a/c/0", "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if "shards" in layout:  # whose index says that the first chunk goes on and on
            index = bytearray((tmp_path / "a/c/0").read_bytes()[-4 * 16 - 4 : -4])
            index[8:16] = (1 << 30).to_bytes(8, "little")
            crc = crc32c_slowly(bytes(index)).to_bytes(4, "little")
            file.truncate((1 << 30) + end)
            file.seek(0, os.SEEK_END)
            file.write(bytes(index) + crc)
        else:
            file.truncate(1 << 30)
    program = textwrap.dedent(
        """
        import sys, zarrpy
        array = zarrpy.open(sys.argv[1], cache=sys.argv[2] or None)
        for key in (0, slice(0, 4), ...):
            try:
                array[key]
            except zarrpy.ChunkError as error:
                assert "c/0" in str(error), error
            else:
                raise SystemExit("read")
        with open("/proc/self/status") as status:  # of this program: not of who started it
            peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
        print(int(peak) >> 10)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a"), cache or ""]
    environ = {**os.environ, "ZARRPY_DISABLE": disable}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < (1000 if "ZARRPY_SANITIZE" in os.environ else 500)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGALRM: run on another system")
@pytest.mark.parametrize("way", ["short", "long"])
def test_ctrl_c_ends_a_read(megabytes, way):
    """Nobody writes into the result any more then, no core stays lent, the next read is right."""
    array, values = megabytes

    def interrupt(number, frame):
        raise KeyboardInterrupt

    def read_on(seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            array[...]

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with zarrpy.config.set(disable=["small"] if way == "long" else []):
            for after in np.linspace(0.005, 0.01, 200):
                with pytest.raises(KeyboardInterrupt):
                    read_on(after)
                assert pool.loans() == {}
                assert pool._pool._nhelpers == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert np.array_equal(array[...], values)


def test_arrays_that_are_no_files_have_no_short_way(tmp_path):
    """Nor have texts, dates and irregular grids."""
    values = np.arange(8)

    for made in (
        zarrpy.create_array(MemoryStore(), data=values),
        zarrpy.create_array(tmp_path / "t", data=np.array(["a", "b"], "U2")),
        zarrpy.create_array(tmp_path / "d", data=np.array(["2000-01-01"], "M8[D]")),
        zarrpy.create_array(tmp_path / "r", data=values, chunks=[[3, 5]]),
    ):
        assert made._read_small(0) is None
        assert made[0] == made[...][0]


def test_handles_are_pickled_without_what_was_prepared(array):
    """It is made again."""
    assert array[0, 0, 0] == 0

    assert pickle.loads(pickle.dumps(array))[0, 0, 1] == 1


def test_a_chunk_out_of_the_cache_is_the_chunk_of_the_file(tmp_path):
    """Also after the cache was emptied, limit and all."""
    zarrpy.create_array(tmp_path / "a", data=np.arange(8, dtype="i4"), chunks=4)
    array = zarrpy.open_array(tmp_path / "a", cache="1MiB")

    for _ in range(3):
        assert array[6] == 6
        zarrpy.cache_clear()
