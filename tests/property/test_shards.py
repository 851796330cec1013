"""Shards of any shape, read and written in part: the oracle is NumPy, in both bodies."""

import tempfile
from contextlib import contextmanager

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices

import zarrpy
from zarrpy.codecs.sharding import Sharding


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-") as folder:
        yield folder


def body(kind):
    """Run with the engine's batch or with the one in Python."""
    return zarrpy.config.set(disable=["native"] if kind == "python" else [])


def numbers(shape, dtype):
    """Different numbers, as far as the type has them."""
    return (np.arange(np.prod(shape, dtype=int)) + 1).reshape(shape).astype(dtype)


@st.composite
def sharded(draw):
    """Values, and what their array is created by."""
    ndim = draw(st.integers(0, 4))
    shape = tuple(draw(st.integers(0, 9)) for _ in range(ndim))
    chunks = tuple(draw(st.integers(1, 4)) for _ in range(ndim))
    shards = tuple(n * draw(st.integers(1, 4)) for n in chunks)
    keywords = {
        "chunks": chunks,
        "shards": {"shape": shards, "index_location": draw(st.sampled_from(["end", "start"]))},
        "compressors": draw(st.sampled_from([None, "auto", "zstd:1", "numcodecs.bz2:1"])),
        "order": draw(st.sampled_from(["C", "F"])),
        "fill_value": draw(st.sampled_from([0, 1])),
    }
    dtype = np.dtype(draw(st.sampled_from(["bool", "u1", "<i2", ">i4", "<f8", "c8"])))
    return numbers(shape, dtype), keywords


@st.composite
def nested(draw):
    """Values, and what their array is created by: shards in shards, perhaps turned or wrapped."""
    ndim = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 9)) for _ in range(ndim))
    innermost = tuple(draw(st.integers(1, 2)) for _ in range(ndim))
    inner = tuple(n * draw(st.integers(1, 2)) for n in innermost)
    outer = tuple(n * draw(st.integers(1, 3)) for n in inner)
    turn = draw(st.permutations(range(ndim)))
    location = st.sampled_from(["end", "start"])
    between = (
        [] if draw(st.booleans()) else [{"name": "transpose", "configuration": {"order": turn}}]
    )
    turned = [innermost[axis] for axis in turn] if between else innermost
    codec = Sharding(turned, ("bytes", "zstd"), index_location=draw(location))
    keywords = {
        "chunks": outer,
        "serializer": Sharding(inner, (*between, codec), index_location=draw(location)),
        "compressors": draw(st.sampled_from([None, ["crc32c"], ["gzip:1", "crc32c"]])),
        "fill_value": draw(st.sampled_from([0, 1])),
    }
    return numbers(shape, np.dtype(draw(st.sampled_from(["u1", ">i4"])))), keywords


@given(
    st.one_of(sharded(), nested()),
    st.data(),
    st.sampled_from(["native", "python"]),
    st.sampled_from(["memory", "local"]),
    st.sampled_from(["lexicographic", "colexicographic", "morton"]),
)
def test_shards_behave_as_numpy_arrays_do(case, data, how, where, order):
    """Write a selection, or the fill value, into what is there or not; read another."""
    values, keywords = case
    with place(where) as store, body(how):
        array = zarrpy.create_array(store, shape=values.shape, dtype=values.dtype, **keywords)
        expected = np.full(values.shape, keywords["fill_value"], values.dtype)
        with zarrpy.config.set({"array.subchunk_write_order": order}):
            for _ in range(data.draw(st.integers(1, 3))):
                key = data.draw(basic_indices(values.shape, allow_newaxis=False))
                new = keywords["fill_value"] if data.draw(st.booleans()) else values[key]
                array[key] = new
                expected[key] = new
        key = data.draw(basic_indices(values.shape, allow_newaxis=False))

        assert np.array_equal(array[key], expected[key])
        assert np.array_equal(array[...], expected)
        with body("python" if how == "native" else "native"):
            assert np.array_equal(zarrpy.open(store)[...], expected)


@given(sharded(), st.data())
def test_both_bodies_store_the_same_shards(case, data):
    """Byte for byte, after the same writes."""
    values, keywords = case
    stores = {"native": {}, "python": {}}
    keys = [data.draw(basic_indices(values.shape, allow_newaxis=False)) for _ in range(2)]
    for how, store in stores.items():
        with body(how):
            array = zarrpy.create_array(store, shape=values.shape, dtype=values.dtype, **keywords)
            for key in keys:
                array[key] = values[key]

    assert stores["native"] == stores["python"]
