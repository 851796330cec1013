"""Selections of arrays: the oracle is NumPy."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

import zarrpy

DTYPES = ["bool", "i1", "<u2", ">i4", "<f4", ">f8", "c8"]
COMPRESSORS = [None, "auto", "zstd:1", "gzip:1"]


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-") as folder:
        yield folder


@contextmanager
def body(kind):
    """Run with the engine's batch or with the one in Python."""
    with zarrpy.config.set(disable=["native"] if kind == "python" else []):
        yield


def numbers(shape, dtype, start=1):
    """Different numbers, as far as the type has them."""
    return (np.arange(np.prod(shape, dtype=int)) + start).reshape(shape).astype(dtype)


shapes = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7)
bodies = st.sampled_from(["native", "python"])


@st.composite
def arrays(draw):
    """What an array is created by, and its values."""
    shape = draw(shapes)
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    keywords = {
        "chunks": tuple(draw(st.integers(1, 8)) for _ in shape),
        "compressors": draw(st.sampled_from(COMPRESSORS)),
        "zarr_format": draw(st.sampled_from([2, 3])),
        "order": draw(st.sampled_from(["C", "F"])),
        "fill_value": draw(st.sampled_from([0, 1])),
    }
    if keywords["zarr_format"] == 3 and draw(st.booleans()):
        keywords["chunks"] = [draw(lengths(n)) for n in shape]
    if draw(st.booleans()):
        keywords["chunk_key_encoding"] = {"name": "v2", "separator": draw(st.sampled_from("./"))}
    return numbers(shape, dtype), keywords


@st.composite
def lengths(draw, n):
    """Lengths of the chunks along an axis of n elements: one that repeats, or a list of them."""
    if draw(st.booleans()):
        return draw(st.integers(1, 8))
    found = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    return [*found, *([1 + n - sum(found)] if sum(found) < n else [])]


def keys_of(shape):
    """Every basic index of an array: integers, slices, ellipses and new axes."""
    return basic_indices(shape, allow_newaxis=True, allow_ellipsis=True, max_dims=len(shape) + 2)


def assert_same(found, expected):
    """The same type, shape, data type and bits."""
    assert type(found) is type(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype.newbyteorder("=")
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


@given(arrays(), st.sampled_from(["memory", "local"]), bodies, st.data())
def test_reading_a_selection_equals_numpy_indexing(case, kind, how, data):
    """For arrays of every shape, chunking and format, in every place, by both bodies."""
    values, keywords = case
    native = values.astype(values.dtype.newbyteorder("="))
    with place(kind) as store, body(how):
        array = zarrpy.create_array(store, data=values, **keywords)
        for _ in range(4):
            key = data.draw(keys_of(values.shape))
            assert_same(array[key], native[key])


@given(arrays(), st.sampled_from(["memory", "local"]), bodies, bodies, st.data())
def test_writing_a_selection_equals_numpy_assignment(case, kind, writer, reader, data):
    """Selected elements change and no others; what one body wrote the other reads."""
    values, keywords = case
    expected = np.full(values.shape, keywords["fill_value"], values.dtype.newbyteorder("="))
    with place(kind) as store:
        array = zarrpy.create_array(store, shape=values.shape, dtype=values.dtype, **keywords)
        for i in range(3):
            key = data.draw(keys_of(values.shape))
            value = data.draw(assignable(expected[key].shape, i))
            expected[key] = value
            with body(writer):
                array[key] = value
        with body(reader):
            assert_same(zarrpy.open_array(store)[...], expected[...])


@st.composite
def assignable(draw, shape, i):
    """A value that NumPy would broadcast to the shape."""
    kept = tuple(n if draw(st.booleans()) else 1 for n in shape)
    cut = draw(st.integers(0, len(kept))) if 1 in kept else 0
    while cut and any(n != 1 for n in kept[:cut]):
        cut -= 1
    value = numbers(
        kept[cut:], draw(st.sampled_from(["bool", "u1", "f4", ">i2"])), start=10 * i + 2
    )
    if value.ndim == 0:
        return value
    layout = draw(st.sampled_from(["C", "F", "backwards"]))
    return value[..., ::-1] if layout == "backwards" else np.array(value, order=layout)


@given(arrays(), bodies, st.data())
def test_a_selection_is_read_into_any_memory(case, how, data):
    """The caller's array may have any strides; nothing beside it is touched."""
    values, keywords = case
    native = values.astype(values.dtype.newbyteorder("="))
    key = data.draw(keys_of(values.shape))
    expected = native[key] if isinstance(native[key], np.ndarray) else np.array(native[key])
    around = np.full(tuple(2 * n + 2 for n in expected.shape), 7).astype(native.dtype)
    steps = [data.draw(st.sampled_from([1, -1])) for _ in expected.shape]
    window = tuple(
        slice(1, 1 + 2 * n, 2) if step > 0 else slice(2 * n, None if n == 0 else 0, -2)
        for n, step in zip(expected.shape, steps, strict=True)
    )
    untouched = np.ones(around.shape, bool)
    untouched[window] = False

    with body(how):
        array = zarrpy.create_array({}, data=values, **keywords)
        out = around[(*window, ...)]
        if out.shape != expected.shape:  # a negative step over an axis without elements
            return
        assert array.read(key, out=out) is out

    assert np.array_equal(out, expected)
    assert (around[untouched] == np.array(7).astype(native.dtype)).all()


@given(arrays(), st.data())
def test_an_index_that_numpy_refuses_is_refused(case, data):
    """With an error of the same class, for reading and for writing."""
    values, keywords = case
    wild = st.one_of(
        st.integers(-9, 9),
        st.slices(7),
        st.just(...),
        st.none(),
        st.sampled_from([1.0, "x", slice(None, None, 0), slice("a"), slice(1.5)]),
    )
    key = data.draw(st.one_of(wild, st.lists(wild, max_size=5).map(tuple)))
    array = zarrpy.create_array({}, data=values, **keywords)
    expected = refusal(lambda: values[key])

    # of several faults in one index either may be told
    several = isinstance(key, tuple) and len(key) > 1
    allowed = (IndexError, ValueError, TypeError) if expected and several else expected
    for act in (lambda: array[key], lambda: array.write(key, 1)):
        found = refusal(act)
        assert (found is None) == (expected is None)
        assert found is None or issubclass(found, allowed)


def refusal(act):
    """The class of the error that an index gives, or None."""
    try:
        act()
    except (IndexError, ValueError, TypeError) as error:
        return type(error)
    return None
