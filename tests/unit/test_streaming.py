"""Tests of `Array.iter_chunks`, `iter_shards` and `map_chunks`."""

import asyncio
import pickle
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import zarrpy
from tests.unit.streams import GRIDS, VALUES, CountingStore
from zarrpy.engine import pool


@pytest.fixture(params=sorted(GRIDS))
def array(request, store):
    """An array of each kind of grid, in each kind of store."""
    return zarrpy.create_array(store, data=VALUES, **GRIDS[request.param])


def damaged(grid="regular", key="c/0/1"):
    """An array one of whose values is no chunk."""
    store = {}
    array = zarrpy.create_array(store, data=VALUES, **GRIDS[grid])
    store[key] = store[key][:-3]
    return array


def busy():
    """Helpers of the pool that are at work."""
    return pool._pool._nhelpers


# ------------------------------------------------------------------------------------ iterating


@pytest.mark.parametrize("order", ["C", "F", "storage"])
@pytest.mark.parametrize("workers", [1, 4])
def test_every_element_comes_once_and_where_it_says(array, order, workers):
    """Regions are slices of the array, and together they are all of it."""
    seen = np.zeros(VALUES.shape, int)

    for position, region, data in array.iter_chunks(order=order, workers=workers):
        assert (data == VALUES[region]).all()
        assert len(position) == 2
        seen[region] += 1

    assert (seen == 1).all()


def test_chunks_come_in_the_order_that_was_asked_for():
    """The last axis runs fastest in C order, the first in F order."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5))

    c = [chunk.position for chunk in array.iter_chunks()]
    f = [chunk.position for chunk in array.iter_chunks(order="F")]

    assert c == list(np.ndindex(3, 4))
    assert f == [index[::-1] for index in np.ndindex(4, 3)]


def test_chunks_of_a_shard_come_together_and_its_index_is_read_once():
    """A shard is read in one, and taken apart."""
    store = CountingStore()
    array = zarrpy.create_array(store, data=VALUES, **GRIDS["shards"])
    store.reads.clear()

    positions = [chunk.position for chunk in array.iter_chunks()]

    shards = [(i // 2, j // 2) for i, j in positions]
    assert shards == [shard for shard in np.ndindex(3, 2) for _ in range(4)]
    assert sorted(store.reads) == sorted(f"c/{i}/{j}" for i, j in np.ndindex(3, 2))


def test_shards_of_any_size_can_be_iterated(monkeypatch):
    """Very large ones are read in rows."""
    monkeypatch.setattr("zarrpy.chunks.SHARD_NBYTES", 100)
    array = zarrpy.create_array({}, data=VALUES, **GRIDS["shards"])

    found = {chunk.position: chunk.data for chunk in array.iter_chunks()}

    assert len(found) == array.nchunks
    assert all(
        (found[i, j] == VALUES[2 * i : 2 * i + 2, 5 * j : 5 * j + 5]).all() for i, j in found
    )


def test_iterating_over_shards_gives_what_one_key_holds():
    """Positions count shards then."""
    array = zarrpy.create_array({}, data=VALUES, **GRIDS["shards"])

    found = list(array.iter_shards())

    assert [chunk.position for chunk in found] == list(np.ndindex(3, 2))
    assert found[1].data.shape == (4, 10)


@pytest.mark.parametrize(
    "selection", [np.s_[3:9], np.s_[::-2, 1::3], np.s_[5], np.s_[..., -1], np.s_[2:2], ()]
)
def test_a_selection_is_cut_by_the_chunks(array, selection):
    """An integer keeps its axis; steps may leave chunks out."""
    seen = np.zeros(VALUES.shape, int)
    for _, region, data in array.iter_chunks(selection):
        assert (data == VALUES[region]).all()
        seen[region] += 1

    expected = np.zeros(VALUES.shape, int)
    expected[selection] = 1
    assert (seen == expected).all()


def test_dimensions_may_be_named():
    """In every selection."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5), dimension_names=("y", "x"))

    found = list(array.iter_chunks({"x": slice(5, 7)}))

    assert [chunk.region[1] for chunk in found] == [slice(5, 7)] * 3
    assert array.sum(selection={"y": 2}) == VALUES[2].sum()
    assert (array.map_chunks(np.negative, {"y": 2}, out=np.empty(20)) == -VALUES[2]).all()


@pytest.mark.parametrize("selection", [[1, 2], None, np.s_[:, None], 12, "x"])
def test_what_is_no_slice_is_refused(selection):
    """Before anything is read."""
    array = zarrpy.create_array({}, data=VALUES, chunks=5)

    with pytest.raises(IndexError):
        array.iter_chunks(selection)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"order": "K"}, ValueError),
        ({"on_error": "ignore"}, ValueError),
        ({"workers": 0}, ValueError),
        ({"prefetch": -1}, ValueError),
        ({"filter": 3}, TypeError),
        ({"progress": 3}, TypeError),
        ({"missing": "what"}, ValueError),
    ],
)
def test_parameters_are_checked_at_the_call(keywords, error):
    """Not when the first chunk is asked for."""
    array = zarrpy.create_array({}, data=VALUES, chunks=5)

    with pytest.raises(error):
        array.iter_chunks(**keywords)


def test_an_array_without_axes_or_elements_is_iterated(store):
    """One chunk, or none."""
    scalar = zarrpy.create_array(store, name="a", data=np.array(7))
    empty = zarrpy.create_array(store, name="b", shape=(0, 3), dtype="i4")

    assert [(p, r, d[()]) for p, r, d in scalar.iter_chunks()] == [((), (), 7)]
    assert list(empty.iter_chunks()) == []


def test_small_chunks_are_read_several_at_once():
    """Rows of them, whose errors are still of one chunk."""
    store = CountingStore()
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 5))
    store.reads.clear()

    next(array.iter_chunks(prefetch=0, workers=1))

    assert len(store.reads) == 1
    store.reads.clear()
    next(array.iter_chunks(prefetch=4, workers=1))
    assert len(store.reads) >= 4


@pytest.mark.parametrize("grid", sorted(GRIDS))
@pytest.mark.parametrize("order", ["C", "F", "storage"])
def test_chunks_that_are_not_stored_can_be_left_out(store, grid, order):
    """Those inside shards, too."""
    array = zarrpy.create_array(store, shape=(12, 20), dtype="i8", fill_value=-1, **GRIDS[grid])
    array[5:7, 4:9] = 3

    found = list(array.iter_chunks(stored_only=True, order=order))
    every = list(array.iter_chunks(order=order))

    assert 0 < len(found) < len(every)
    assert all((chunk.data == 3).any() for chunk in found)
    left = {chunk.position for chunk in every} - {chunk.position for chunk in found}
    assert not any((c.data == 3).any() for c in every if c.position in left)
    if order == "C":
        assert [c.position for c in found] == [c.position for c in every if c.position not in left]


def test_a_filter_chooses_by_position(array):
    """Others are not read."""
    found = [c.position for c in array.iter_chunks(filter=lambda at: sum(at) % 2 == 0)]

    assert found == [c.position for c in array.iter_chunks() if sum(c.position) % 2 == 0]


# ---------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_is_raised_in_its_turn(workers):
    """Chunks before it are given out; it names the chunk."""
    chunks = damaged().iter_chunks(workers=workers)
    first = next(chunks)

    with pytest.raises(zarrpy.CorruptChunkError) as caught:
        next(chunks)

    assert first.position == (0, 0)
    assert caught.value.chunk == (0, 1)
    assert list(chunks) == []


@pytest.mark.parametrize("grid", ["regular", "shards"])
def test_chunks_with_errors_can_be_skipped_and_their_errors_are_kept(grid):
    """Nothing else is lost: of a shard only the chunks that cannot be read."""
    chunks = damaged(grid).iter_chunks(on_error="skip")

    found = list(chunks)

    assert len(found) + len(chunks.errors) == len(list(np.ndindex(3, 4))) * (grid != "shards") + (
        24 * (grid == "shards")
    )
    assert chunks.errors
    assert all(isinstance(error, zarrpy.CorruptChunkError) for error in chunks.errors)


def test_errors_can_take_the_place_of_the_data():
    """As values, with position and region."""
    found = list(damaged().iter_chunks(on_error="yield"))

    assert len(found) == 12
    assert [chunk.position for chunk in found if chunk.error] == [(0, 1)]
    assert found[1].region == (slice(0, 4), slice(5, 10))


def test_chunks_that_are_missing_can_be_errors_or_masked():
    """As for `read`."""
    array = zarrpy.create_array({}, shape=10, chunks=5, dtype="i4")
    array[:5] = 1

    with pytest.raises(zarrpy.MissingChunkError):
        list(array.iter_chunks(missing="error"))
    masked = [chunk.data.mask.all() for chunk in array.iter_chunks(missing="mask")]
    assert masked == [False, True]


# ------------------------------------------------------------------------- ahead, and no further


def test_no_more_is_read_ahead_than_was_asked_for():
    """Memory is bounded, however slow the caller is."""
    store = CountingStore()
    array = zarrpy.create_array(store, data=np.ones((40, 1 << 18), "f4"), chunks=(1, 1 << 18))
    store.reads.clear()
    chunks = array.iter_chunks(prefetch=3, workers=2)

    next(chunks)
    time.sleep(0.2)

    assert 1 <= len(store.reads) <= 4
    chunks.close()


@pytest.mark.parametrize("how", ["close", "with", "break", "del"])
def test_leaving_early_leaves_nothing_running(how):
    """Helpers are gone when the caller goes on."""
    store = CountingStore(seconds=0.02)
    array = zarrpy.create_array(store, data=VALUES, chunks=(1, 20))
    before = busy()

    if how == "close":
        chunks = array.iter_chunks(prefetch=8, workers=4)
        next(chunks)
        chunks.close()
    elif how == "with":
        with array.iter_chunks(prefetch=8, workers=4) as chunks:
            next(chunks)
    elif how == "break":
        for _ in array.iter_chunks(prefetch=8, workers=4):
            break
    else:
        chunks = array.iter_chunks(prefetch=8, workers=4)
        next(chunks)
        del chunks
    seen = len(store.reads)
    time.sleep(0.1)

    assert len(store.reads) == seen
    assert busy() == before


def test_a_closed_iterator_is_at_its_end(array):
    """As a generator is."""
    chunks = array.iter_chunks()
    next(chunks)
    chunks.close()
    chunks.close()

    assert list(chunks) == []


INTERRUPTED = """
    import os, signal, sys, threading, time
    import numpy as np
    import zarrpy

    signal.signal(signal.SIGINT, signal.default_int_handler)
    array = zarrpy.create_array({}, data=np.ones((64, 256, 256), "f4"), chunks=(1, 256, 256))
    sent, took = [], []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def slowly(data):
        time.sleep(0.05)
        return data

    for _ in range(4):  # what the machine does besides is in some of them
        threading.Timer(0.4, interrupt).start()
        try:
            while True:
                ACTION
        except KeyboardInterrupt:
            took.append(time.monotonic() - sent[-1])
    assert min(took) < float(sys.argv[1]), took
    from zarrpy.engine import pool
    assert pool._pool._nhelpers == 0
    assert array.sum() == 64 * 256 * 256
    print("ok")
"""


@pytest.mark.parametrize(
    "action",
    [
        "list(array.iter_chunks(workers=2))",
        "list(array.map_chunks(slowly))",
        "array.map_chunks(slowly, out={})",
        "array.std(axis=0)",
    ],
)
def test_ctrl_c_ends_promptly(action, slack):
    """Within 0.1 s and the chunks in hand, which take 0.05 s; and leaves nobody at work."""
    code = textwrap.dedent(INTERRUPTED).replace("ACTION", action)

    command = [sys.executable, "-c", code, str(0.15 * slack)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "ok\n", done.stderr


def test_chunks_can_be_taken_in_any_thread(array):
    """Also there the reading goes on ahead."""
    found = []
    thread = threading.Thread(target=lambda: found.extend(array.iter_chunks(workers=3)))
    thread.start()
    thread.join()

    assert sum(chunk.data.sum() for chunk in found) == VALUES.sum()


def test_async_for_reads_the_same(array):
    """The event loop goes on meanwhile."""

    async def read():
        found = [chunk async for chunk in array.iter_chunks(workers=2)]
        async with array.iter_chunks() as chunks:
            first = await anext(chunks)
        return found, first

    found, first = asyncio.run(read())

    assert [c.position for c in found] == [c.position for c in array.iter_chunks()]
    assert all((c.data == VALUES[c.region]).all() for c in found)
    assert first.position == (0, 0)


def test_a_cancelled_async_iteration_leaves_nothing_running():
    """The reading in hand is finished before the cancellation goes on."""
    store = CountingStore(seconds=0.02)
    array = zarrpy.create_array(store, data=VALUES, chunks=(1, 20))
    before = busy()

    async def read():
        async for _ in array.iter_chunks(workers=2, prefetch=4):
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    seen = len(store.reads)
    time.sleep(0.1)

    assert len(store.reads) == seen
    assert busy() == before


def test_progress_is_told_in_the_thread_of_the_caller(array):
    """With counts and the key of the chunk."""
    events, threads = [], set()

    def tell(event):
        events.append(event)
        threads.add(threading.current_thread())

    count = len(list(array.iter_chunks(workers=3, progress=tell)))

    assert [event.done for event in events] == list(range(1, count + 1))
    assert {event.total for event in events} == {count}
    assert events[-1].bytes_in == VALUES.nbytes
    assert all(event.key.startswith("c/") for event in events)
    assert threads == {threading.current_thread()}


def test_chunks_can_be_pickled(array):
    """They are plain values."""
    chunk = next(array.iter_chunks())

    again = pickle.loads(pickle.dumps(chunk))

    assert again.position == chunk.position
    assert (again.data == chunk.data).all()
