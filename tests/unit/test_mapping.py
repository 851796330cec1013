"""Tests of `Array.map_chunks`."""

import asyncio
import threading
import time

import numpy as np
import pytest

import zarrpy
from tests.unit.streams import GRIDS, VALUES, CountingStore
from zarrpy.chunks import Chunks


@pytest.fixture(params=sorted(GRIDS))
def array(request, store):
    """An array of each kind of grid, in each kind of store."""
    return zarrpy.create_array(store, data=VALUES, **GRIDS[request.param])


def test_results_of_a_function_are_yielded(array):
    """With the positions of their chunks, in order."""
    found = list(array.map_chunks(np.sum, workers=3))

    expected = [(c.position, c.data.sum()) for c in array.iter_chunks()]
    assert [(c.position, c.data) for c in found] == expected


def test_results_can_come_as_they_are_done():
    """One slow call does not hold up others, whichever thread it is in."""
    array = zarrpy.create_array({}, data=np.ones((3, 1 << 18), "f4"), chunks=(1, 1 << 18))
    other = threading.Event()

    def first_is_slow(chunk):
        if chunk.position == (0, 0):
            assert other.wait(30)
            time.sleep(0.3)
        other.set()
        return 0

    chunks = array.map_chunks(first_is_slow, whole=True, ordered=False, workers=2)
    first = next(chunks).position

    assert first != (0, 0)
    assert sorted([first, *(chunk.position for chunk in chunks)]) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize("grid", sorted(GRIDS))
@pytest.mark.parametrize("selection", [..., np.s_[1:9, ::3]])
def test_results_go_to_the_chunks_of_an_array(array, grid, selection):
    """Whatever its grid is, each key of it is written once."""
    expected = -VALUES[selection]
    store = CountingStore()
    keywords = GRIDS[grid] if selection is ... else {"chunks": (3, 4)}
    out = zarrpy.create_array(store, shape=expected.shape, dtype="i8", **keywords)
    store.writes.clear()

    found = array.map_chunks(np.negative, selection, out=out, workers=4)

    assert found is out
    assert (out[...] == expected).all()
    assert (
        len(store.writes)
        == len(set(store.writes))
        <= out.metadata.chunk_grid.grid_shape(out.shape)[0]
        * out.metadata.chunk_grid.grid_shape(out.shape)[1]
    )


@pytest.mark.parametrize("selection", [..., np.s_[::-2, 3], np.s_[0:0]])
def test_results_go_to_memory(array, selection):
    """Every slice will do, as in NumPy."""
    out = np.empty(VALUES[selection].shape)

    assert array.map_chunks(np.sqrt, selection, out=out) is out

    assert (out == np.sqrt(VALUES[selection])).all()


def test_results_go_to_a_new_array_with_the_same_chunks(array, tmp_path):
    """Its data type is that of the results, and each chunk is worked on once."""
    calls = []

    def root(chunk):
        calls.append(chunk.position)
        return np.sqrt(chunk.data)

    made = array.map_chunks(root, out=tmp_path / "o.zarr", whole=True)

    assert made.dtype == "f8"
    assert made.write_chunk_sizes == array.write_chunk_sizes
    assert (zarrpy.open_array(tmp_path / "o.zarr")[...] == np.sqrt(VALUES)).all()
    assert len(calls) == len(set(calls))


def test_results_may_go_to_the_array_itself(array):
    """Each thread changes chunks of its own."""
    array.map_chunks(lambda data: data + 1, out=array, workers=4)

    assert (array[...] == VALUES + 1).all()


def run(chunks):
    """Take all chunks there are, where they were not written somewhere."""
    if isinstance(chunks, Chunks):
        list(chunks)


@pytest.mark.parametrize("out", ["memory", "array", None])
@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_the_function_tells_the_chunk(out, workers):
    """It is the function's own error, with a note; nothing new begins after it."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5))
    target = {"memory": np.empty_like(VALUES), "array": {}, None: None}[out]

    def fails(data):
        if 27 in data:
            raise ZeroDivisionError("no")
        return data

    with pytest.raises(ZeroDivisionError) as caught:
        run(array.map_chunks(fails, out=target, workers=workers, dtype="i8"))

    assert caught.value.chunk == (0, 1)
    assert "chunk (0, 1)" in caught.value.__notes__[0]


@pytest.mark.parametrize("out", [None, "memory"])
def test_a_call_that_takes_too_long_is_an_error(out):
    """It names the chunk; the caller does not wait for the function."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(12, 20))
    go = threading.Event()
    target = np.empty_like(VALUES) if out else None
    begin = time.monotonic()

    try:
        with pytest.raises(TimeoutError, match=r"chunk \(0, 0\).*longer than 0\.1 s") as caught:
            run(array.map_chunks(lambda data: go.wait(20), out=target, timeout=0.1))
        assert time.monotonic() - begin < 10
        assert caught.value.chunk == (0, 0)
    finally:
        go.set()


@pytest.mark.parametrize("out", [None, "memory"])
@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration])
def test_no_error_passes_for_the_end_of_the_chunks(out, kind):
    """A function that asks an iterator for more than it has does not cut the results short."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5))
    target = np.empty_like(VALUES) if out else None

    def ends(data):
        if 27 in data:
            raise kind
        return data

    with pytest.raises(RuntimeError, match=kind.__name__) as caught:
        run(array.map_chunks(ends, out=target))

    assert isinstance(caught.value.__cause__, kind)
    assert caught.value.chunk == (0, 1)


def test_no_error_of_a_listener_passes_for_the_end_of_the_chunks():
    """With ``for`` and with ``async for``."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5))

    def hear(event):
        raise StopIteration

    async def take():
        return [chunk async for chunk in array.iter_chunks(progress=hear)]

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(array.iter_chunks(progress=hear))
    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(take())


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "1"])
@pytest.mark.parametrize("out", [None, "memory"])
def test_a_time_limit_that_is_none_is_refused(out, timeout):
    """Before a function is called, which may be quick enough never to be timed."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5))
    called = []

    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0"):
        array.map_chunks(called.append, out=np.empty_like(VALUES) if out else None, timeout=timeout)

    assert called == []


def test_what_is_no_function_is_refused_at_once():
    """Not by the first chunk."""
    with pytest.raises(TypeError, match="map_chunks takes a function of a chunk, not 5"):
        zarrpy.create_array({}, data=VALUES).map_chunks(5)


def test_masked_results_mask_memory_that_has_a_mask():
    """As NumPy's assignment does, so that absent chunks stay apart from those that are there."""
    array = zarrpy.create_array({}, shape=(4, 4), chunks=2, dtype="i4", fill_value=7)
    array[0, 0] = 1

    out = array.map_chunks(lambda data: data * 2, missing="mask", out=np.ma.zeros((4, 4), "i4"))

    assert out.mask.sum() == 12
    assert out[:2, :2].tolist() == [[2, 14], [14, 14]]


def test_a_result_of_another_shape_is_refused(array):
    """And named."""
    with pytest.raises(zarrpy.ShapeMismatchError, match="result for chunk"):
        array.map_chunks(lambda data: data[:1, :1].repeat(99), out=np.empty_like(VALUES))


@pytest.mark.parametrize("out", [np.empty((2, 2)), "array"])
def test_an_out_of_another_shape_is_refused_before_anything_is_done(out):
    """Bad input changes nothing."""
    array = zarrpy.create_array({}, name="run/t", data=VALUES, chunks=(4, 5))
    if isinstance(out, str):
        out = zarrpy.create_array({}, shape=(3, 3), dtype="i4")

    with pytest.raises(zarrpy.ShapeMismatchError, match="'/run/t': out has shape"):
        array.map_chunks(lambda data: pytest.fail("was called"), out=out)
    with pytest.raises(zarrpy.SelectionError, match="'/run/t': cannot be written"):
        array.map_chunks(
            np.negative, 3, out=zarrpy.create_array({}, shape=20, dtype="i8", chunks=5)
        )


def test_mapping_can_be_awaited(array):
    """With the same steps, and the same progress."""
    events = []

    async def work():
        made = await array.map_chunks.aio(np.negative, out={}, progress=events.append)
        found = [chunk async for chunk in await array.map_chunks.aio(np.sum)]
        return made, found

    made, found = asyncio.run(work())

    assert (made[...] == -VALUES).all()
    assert sum(chunk.data for chunk in found) == VALUES.sum()
    assert events[-1].done == events[-1].total


def test_functions_see_that_others_work_beside_them(array):
    """What they read themselves is read by their own thread."""
    found = list(array.map_chunks(lambda data: zarrpy.config.workers))

    assert {chunk.data for chunk in found} == {1}
    assert zarrpy.config.workers is None
