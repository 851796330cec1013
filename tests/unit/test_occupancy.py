"""Tests of `zarrpy.occupancy`: how much of an array is stored."""

import asyncio

import numpy as np
import pytest

import zarrpy


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_that_are_stored_are_counted(store, zarr_format):
    """Those with nothing but the fill value are not; nor are keys beyond the array."""
    zarrpy.create_group(store, zarr_format=zarr_format)
    array = zarrpy.create_array(
        store, name="a", shape=(10, 10), chunks=(4, 4), dtype="f4", zarr_format=zarr_format
    )
    assert array.nchunks_initialized == 0

    array[0, 0], array[9, 9] = 1, 2
    store.set(array.chunk_key((2, 2)).replace("2", "7"), b"of an array that was larger")

    assert array.nchunks_initialized == 2


@pytest.mark.parametrize("location", ["end", "start"])
def test_chunks_in_shards_are_counted_by_their_indexes(store, location):
    """As what is stored under one key may hold few of them."""
    array = zarrpy.create_array(
        store, shape=(20, 20), chunks=(2, 2), shards={"shape": (8, 8), "index_location": location},
        dtype="i2",
    )  # fmt: skip

    array[0, 0], array[0, 2], array[19, 19] = 1, 2, 3

    assert array.nchunks_initialized == 3
    facts = array.info_complete().facts
    assert (facts["chunks stored"], facts["shards stored"]) == ("3 of 100", "2 of 9")


def test_an_array_without_dimensions_has_one_chunk(store):
    """Stored or not."""
    array = zarrpy.create_array(store, shape=(), dtype="i2")
    before = array.nchunks_initialized

    array[()] = 5

    assert (before, array.nchunks_initialized) == (0, 1)


def test_stored_bytes_are_those_of_all_keys(store):
    """Documents included; of no other node."""
    zarrpy.create_group(store)
    zarrpy.create_array(store, name="ab", data=np.arange(5))
    array = zarrpy.create_array(store, name="a", data=np.arange(100), chunks=10)

    found = array.nbytes_stored()

    assert found == sum(store.size(key) for key in store.list("a/"))
    assert asyncio.run(array.nbytes_stored.aio()) == found


def test_complete_facts_are_those_of_the_metadata_and_of_the_store(store):
    """Bytes, how many times fewer they are, and how many chunks."""
    array = zarrpy.create_array(store, data=np.zeros(10**6, "f8") + 1, chunks=10**5)

    info = array.info_complete()

    assert info.facts.items() > array.info.facts.items()
    assert str(array.nbytes_stored()) in info.facts["stored"]
    assert float(info.facts["ratio"]) == pytest.approx(8e6 / array.nbytes_stored(), rel=0.01)
    assert info.facts["chunks stored"] == "10 of 10"
    assert "chunks stored" in repr(info)


def test_complete_facts_of_a_group_are_about_all_below(store):
    """Arrays and groups at any depth, and the bytes of all keys."""
    group = zarrpy.create_group(store, path="g")
    group["a"] = np.arange(10)
    group["x/b"] = np.arange(10)
    zarrpy.create_array(store, name="other", data=[1])

    facts = group.info_complete().facts

    assert (facts["arrays below"], facts["groups below"]) == ("2", "1")
    assert str(sum(store.size(key) for key in store.list("g/"))) in facts["stored"]


def test_chunks_in_shards_of_different_shapes_are_counted_by_their_own_indexes():
    """An index is as long as its shard has chunks."""
    array = zarrpy.create_array({}, shape=90, dtype="i4", chunks=10, shards=[[60, 30]])
    array[:] = 1
    assert array.nchunks_initialized == array.nchunks == 9
    array[60:] = 0
    assert array.nchunks_initialized == 6
