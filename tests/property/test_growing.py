"""Arrays that grow, shrink and lose parts: the oracle is NumPy, whatever the order of changes."""

import tempfile
from contextlib import contextmanager

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices

import zarrpy
from zarrpy.engine import removal
from zarrpy.errors import MetadataError
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.stores import as_store

LONGEST = 9


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-") as folder:
        yield folder


@st.composite
def arrays(draw):
    """Keywords of an array of some grid, codec and format, and its first shape."""
    ndim = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(0, LONGEST)) for _ in range(ndim))
    lengths = st.integers(1, 4)
    kind = draw(st.sampled_from(["v2", "regular", "dots", "rectilinear", "shards", "sums"]))
    keywords = {
        "dtype": draw(st.sampled_from(["u1", "<i4", ">f4", "U2"])),
        "compressors": draw(st.sampled_from([None, "zstd:1", "numcodecs.bz2:1"])),
        "fill_value": draw(st.sampled_from([0, 7])),
        "config": {"write_empty_chunks": draw(st.booleans())},
    }
    chunks = tuple(draw(lengths) for _ in shape)
    if kind == "rectilinear":
        rows = [draw(st.lists(lengths, min_size=1, max_size=4)) for _ in shape]
        chunks = [
            [*row, n - sum(row)] if sum(row) < n else row
            for row, n in zip(rows, shape, strict=True)
        ]
        chunks[0] = draw(st.sampled_from([chunks[0], 3]))
    if kind == "shards":
        keywords["shards"] = tuple(n * draw(st.integers(1, 3)) for n in chunks)
    if kind == "v2":
        keywords["zarr_format"] = 2
    if kind == "dots":
        keywords["chunk_key_encoding"] = {"name": "v2", "separator": "."}
    if kind == "sums":
        keywords |= {"dtype": "<f4", "filters": ["numcodecs.delta"]}
    if keywords["dtype"] == "U2":
        keywords["fill_value"] = str(keywords["fill_value"])
    return shape, keywords | {"chunks": chunks}


def values_of(shape, array, number):
    """Different small values of the data type of an array."""
    values = (np.arange(np.prod(shape, dtype=int)) + number) % 90 + 10
    return values.reshape(shape).astype(array.dtype)


def reshaped(values, shape, fill):
    """What NumPy has after a resize."""
    new = np.full(shape, fill, values.dtype)
    common = tuple(slice(min(pair)) for pair in zip(shape, values.shape, strict=True))
    new[common] = values[common]
    return new


def stray(store, array):
    """Keys that are neither the document nor chunks of the array."""
    store = as_store(store)
    found = []
    for key in store.list_entries():
        try:
            index = array.metadata.chunk_keys.grid_index(key, array.ndim)
        except MetadataError:
            if key not in ("zarr.json", ".zarray", ".zattrs"):
                found.append(key)
        else:
            if any(i >= n for i, n in zip(index, array.metadata.grid_shape, strict=True)):
                found.append(key)
    return found


@given(
    arrays(),
    st.data(),
    st.sampled_from(["native", "python"]),
    st.sampled_from(["memory", "local"]),
)
def test_an_array_that_changes_behaves_as_numpy_arrays_do(case, data, how, where):
    """Resize, append, write and discard in any order, through one handle or new ones."""
    shape, keywords = case
    disabled = ["native"] if how == "python" else []
    with place(where) as store, zarrpy.config.set(disable=disabled):
        array = zarrpy.create_array(store, shape=shape, **keywords)
        fill = array.fill_value
        expected = np.full(shape, fill, array.dtype)
        for number in range(data.draw(st.integers(1, 6))):
            shape = expected.shape
            match data.draw(st.sampled_from(["resize", "append", "write", "write", "discard"])):
                case "resize":
                    new = tuple(data.draw(st.integers(0, LONGEST)) for _ in shape)
                    array.resize(new)
                    expected = reshaped(expected, new, fill)
                case "append":
                    axis = data.draw(st.integers(0, len(shape) - 1))
                    n = data.draw(st.integers(0, 5))
                    more = values_of((*shape[:axis], n, *shape[axis + 1 :]), array, number)
                    expected = np.concatenate([expected, more], axis)
                    assert array.append(more, axis) == expected.shape
                case "write":
                    key = data.draw(basic_indices(shape, allow_newaxis=False))
                    new = values_of(expected[key].shape, array, number)
                    array[key] = new
                    expected[key] = new
                case "discard":
                    key = data.draw(basic_indices(shape, allow_newaxis=False))
                    array.discard(key)
                    expected[key] = fill
            assert array.shape == expected.shape
            assert np.array_equal(array[...], expected)
            if data.draw(st.booleans()):
                array = zarrpy.open(store)
        assert stray(store, array) == []
        assert np.array_equal(zarrpy.open(store)[...], expected)


shapes = st.lists(st.tuples(*[st.integers(0, LONGEST)] * 3), min_size=1, max_size=3)


@given(shapes)
def test_what_lies_beyond_a_box_is_cut_into_boxes(sides):
    """Every place of the one box that is not in the other is in exactly one of them."""
    old, new = ([side[i] for side in sides] for i in (0, 1))
    count = np.zeros([max(pair) + 1 for pair in zip(old, new, strict=True)], int)
    expected = count.copy()
    expected[tuple(map(slice, old))] = 1
    expected[tuple(map(slice, new))] = 0

    for box in removal.beyond(old, new):
        count[tuple(slice(*axis) for axis in box)] += 1

    assert np.array_equal(count, expected)


@given(arrays(), st.data())
def test_a_box_of_elements_is_whole_chunks_and_parts(case, data):
    """Every element of it is in exactly one; no more chunks would fit."""
    shape, keywords = case
    grid = ChunkGrid.of([*map(_listed, keywords["chunks"])], shape)
    box = []
    for n in shape:
        ends = sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))
        box.append(tuple(ends))
    if any(begin >= end for begin, end in box):
        return
    found = removal.inside(grid, shape, tuple(box))
    count = np.zeros(shape, int)
    expected = count.copy()
    expected[tuple(slice(*axis) for axis in box)] = 1

    for index in np.ndindex(grid.grid_shape(shape)):
        chunk = tuple(slice(begin, begin + n) for begin, n in grid.chunk(shape, index))
        whole = found is not None and all(
            low <= i < high for i, (low, high) in zip(index, found[0], strict=True)
        )
        assert whole == bool(expected[chunk].all())
        count[chunk] += whole
    for part in found[1] if found else [tuple(box)]:
        count[tuple(slice(*axis) for axis in part)] += 1

    assert np.array_equal(count, expected)


def _listed(length):
    return length if isinstance(length, int) else list(length)
