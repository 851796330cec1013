"""Arrays as Dask's, and Dask's into arrays."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import zarrpy

pytest.importorskip("dask.array", reason="needs Dask: pip install 'zarrpy[dask]'")

import dask
import dask.array as da

from zarrpy.config import config
from zarrpy.dask import from_array, store

#: A folder for each thread of this process.
TASKS = Path("/proc/self/task")
VALUES = np.arange(20 * 30, dtype="int32").reshape(20, 30)


@pytest.fixture
def sharded(counting_store):
    """An array of six shards, each of several chunks."""
    array = zarrpy.create_array(counting_store, data=VALUES, chunks=(2, 5), shards=(10, 10))
    counting_store.forget()
    return array


def test_each_shard_is_read_by_one_task(sharded):
    """And the result is the array."""
    found = from_array(sharded)

    assert found.chunks == ((10, 10), (10, 10, 10))
    assert (found.compute(scheduler="sync") == VALUES).all()
    assert (found.dtype, found.shape) == (sharded.dtype, sharded.shape)


def test_nothing_is_read_before_it_is_computed(sharded):
    """Making the Dask array asks the store for nothing but documents."""
    from_array(sharded)

    keys = [key for keys in sharded.store.reads for key in keys]
    assert not any(key.startswith("c/") for key in keys)


@pytest.mark.skipif(not TASKS.exists(), reason="counts threads of the system: run on Linux")
def test_threads_of_dask_do_not_multiply_with_ours(tmp_path):
    """Eight of them start no more of ours than there are cores."""
    values = np.arange(1 << 22, dtype="float32").reshape(2048, 2048)
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(64, 64))
    lazy, done = from_array(array, chunks=(512, 512)), threading.Event()
    before = most = len(list(TASKS.iterdir()))

    def watch():
        nonlocal most
        while not done.is_set():
            most = max(most, len(list(TASKS.iterdir())))

    with ThreadPoolExecutor(8) as pool, dask.config.set(pool=pool):
        watcher = threading.Thread(target=watch)
        watcher.start()
        for _ in range(5):
            assert (lazy.compute() == values).all()
        done.set()
        watcher.join()

    assert before < most <= before + 8 + 1 + config.worker_count


def test_small_chunks_are_joined_on_request(sharded):
    """As many whole ones as Dask's setting holds."""
    with dask.config.set({"array.chunk-size": 20 * 10 * 4}):
        assert from_array(sharded, chunks="auto").chunks == ((10, 10), (20, 10))
    with dask.config.set({"array.chunk-size": 1}):
        assert from_array(sharded, chunks="auto").chunks == ((10, 10), (10, 10, 10))


def test_irregular_chunks_are_those_of_the_tasks():
    """Lengths as the array lists them."""
    array = zarrpy.create_array({}, data=VALUES, chunks=([3, 7, 10], 30))

    assert from_array(array).chunks == ((3, 7, 10), (30,))


def test_a_view_is_read_lazily(sharded):
    """With its own shape."""
    found = sharded.lazy[::2, 5].to_dask()

    assert (found.compute() == VALUES[::2, 5]).all()


@pytest.mark.parametrize("values", [np.zeros((0, 3)), np.array(5.0), np.array(["a", "bc"])])
def test_arrays_without_elements_axes_or_lengths(values):
    """Are read as they are."""
    array = zarrpy.create_array({}, data=values, dtype=str if values.dtype.kind == "U" else None)

    assert array.to_dask().compute().tolist() == values.tolist()


def test_names_are_equal_in_every_process_until_something_is_written(tmp_path):
    """So that Dask computes once what is the same, and anew what is not."""
    array = zarrpy.create_array(tmp_path / "a.zarr", data=VALUES)
    code = "import sys, zarrpy; print(zarrpy.open(sys.argv[1]).to_dask().name)"
    command = [sys.executable, "-c", code, str(tmp_path / "a.zarr")]
    names = {subprocess.check_output(command, text=True) for _ in range(2)}

    assert len(names) == 1
    before = array.to_dask().name
    assert zarrpy.open(tmp_path / "a.zarr").to_dask().name == before
    array[0, 0] = 7
    assert array.to_dask().name != before
    assert array.to_dask()[0, 0].compute() == 7


def test_each_shard_is_written_by_one_task(sharded):
    """Whatever the chunks of the source: none is read to be merged, none is written twice."""
    source = da.from_array(VALUES[::-1], chunks=(3, 7))

    store(source, sharded)

    written = [key for key in sharded.store.written if key.startswith("c/")]
    assert sorted(written) == sorted(set(written))
    assert len(written) == 6
    assert not any(key.startswith("c/") for keys in sharded.store.reads for key in keys)
    assert (sharded[...] == VALUES[::-1]).all()


def test_a_region_is_written_where_it_lies(counting_store):
    """Cut where chunks of the target end, not where those of the source do."""
    array = zarrpy.create_array(counting_store, shape=100, dtype="int64", chunks=25)
    counting_store.forget()

    store(da.arange(60, chunks=10), array, region=(slice(30, 90),))

    assert array[30:90].tolist() == list(range(60))
    assert array[:30].tolist() == [0] * 30
    written = [key for key in counting_store.written if key.startswith("c/")]
    assert sorted(written) == ["c/1", "c/2", "c/3"]


def test_a_target_is_created_like_the_source(tmp_path):
    """With its chunks where they are even; with others on request."""
    source = da.from_array(VALUES, chunks=(8, 10))

    assert store(source, tmp_path / "a.zarr").chunks == (8, 10)
    sharded = store(source, tmp_path / "b.zarr", chunks=(5, 5), shards=(10, 15))
    assert (sharded.chunks, sharded.shards) == ((5, 5), (10, 15))
    assert (sharded[...] == VALUES).all()
    uneven = store(source.rechunk(((3, 17), (30,))), tmp_path / "c.zarr")
    assert (uneven[...] == VALUES).all()


def test_it_is_written_when_it_is_computed(tmp_path):
    """Not before; and the array is given."""
    array = zarrpy.create_array(tmp_path / "a.zarr", shape=(20, 30), dtype="int32", chunks=(5, 30))

    later = store(da.from_array(VALUES, chunks=(4, 30)), array, compute=False)
    assert not array[...].any()

    assert (later.compute()[...] == VALUES).all()


def test_processes_write_each_their_own(tmp_path):
    """Of Dask's, which are given a place and no handle."""
    array = zarrpy.create_array(tmp_path / "a.zarr", shape=(20, 30), dtype="int32", chunks=(5, 10))

    with dask.config.set(scheduler="processes", num_workers=2):
        store(da.from_array(VALUES, chunks=(4, 7)), array)
        assert (array.to_dask().sum().compute()) == VALUES.sum()

    assert (array[...] == VALUES).all()


def test_what_does_not_fit_is_an_error_before_anything_is_written(sharded):
    """Shapes, regions with steps, keywords for an array that is there."""
    source = da.from_array(VALUES, chunks=5)

    with pytest.raises(zarrpy.ShapeMismatchError, match=r"\(20, 29\)"):
        store(source[:, :29], sharded)
    with pytest.raises(ValueError, match="without a step"):
        store(source[::2], sharded, region=np.s_[::2, :])
    with pytest.raises(TypeError, match="compressors"):
        store(source, sharded, compressors=None)
    assert not any(key.startswith("c/") for key in sharded.store.written)


def test_tasks_in_processes_work_alone(monkeypatch):
    """As many processes as cores would otherwise have as many threads each."""

    class Spy:
        ndim, shape, dtype = 1, (3,), np.dtype("int64")
        write_chunk_sizes = ((3,),)

        def read(self, selection):
            return np.full(3, config.workers)

        def __dask_tokenize__(self):
            return ("spy",)

    monkeypatch.setattr("zarrpy.dask.parent_process", object)

    assert from_array(Spy()).compute().tolist() == [1, 1, 1]
