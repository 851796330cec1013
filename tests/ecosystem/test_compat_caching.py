"""zarr-python's store over a slow store and a fast one."""

from __future__ import annotations

import asyncio

import pytest

from zarrpy.compat import zarr

CacheStore = zarr.experimental.cache_store.CacheStore


@pytest.fixture
def slow():
    return zarr.storage.MemoryStore()


@pytest.fixture
def fast():
    return zarr.storage.MemoryStore()


def test_what_is_read_and_written_is_kept(slow, fast):
    """And arrays in such a store are as in any other."""
    store = CacheStore(slow, cache_store=fast)
    array = zarr.create_array(store, name="a", data=[1, 2, 3], chunks=2)

    assert zarr.open_array(store, path="a")[:].tolist() == [1, 2, 3]
    array[1:] = 7
    array.resize(2)
    assert zarr.open_array(store, path="a")[:].tolist() == [1, 7]
    assert set(fast.list()) <= set(slow.list())
    store.get("a/zarr.json")
    before = store.cache_stats()["hits"]
    assert store.get("a/zarr.json") == slow.get("a/zarr.json")
    assert store.cache_stats()["hits"] == before + 1
    store.delete_prefix("a/")
    assert not [key for key in (*slow.list(), *fast.list()) if key.startswith("a/")]


def test_a_part_comes_from_the_whole_that_is_kept(slow, fast):
    store = CacheStore(slow, cache_store=fast)
    slow.set_sync("a", b"12345")
    part = zarr.abc.store.RangeByteRequest(1, 3)

    assert store.get_sync("a", byte_range=part).to_bytes() == b"23"
    assert not fast.exists("a")  # a part is not kept
    store.get("a")
    slow.set_sync("a", b"54321")
    assert store.get_sync("a", byte_range=part).to_bytes() == b"23"


def test_who_awaits_a_value_is_given_the_one_that_is_kept(slow, fast):
    store = CacheStore(slow, cache_store=fast)
    prototype = zarr.core.buffer.default_buffer_prototype()
    store.set_sync("a", b"1")
    slow.set_sync("a", b"2")

    assert asyncio.run(store.get("a", prototype)).to_bytes() == b"1"
    assert store.get_sync("a").to_bytes() == b"1"
    assert store.cache_stats()["hits"] == 2


def test_the_oldest_values_go_where_room_is_short(slow, fast):
    store = CacheStore(slow, cache_store=fast, max_size=5)
    for key in "abc":
        store.set_sync(key, b"12")
    store.set_sync("large", b"123456")

    assert sorted(fast.list()) == ["b", "c"]
    assert (store.cache_info()["current_size"], store.cache_stats()["evictions"]) == (4, 1)
    assert store.get("a") == b"12"


def test_old_values_are_read_again(slow, fast):
    store = CacheStore(slow, cache_store=fast, max_age_seconds=0)
    store.set_sync("a", b"1")
    slow.set_sync("a", b"2")

    assert store.get("a") == b"2"
    assert store.cache_stats()["hits"] == 0


def test_what_is_written_need_not_be_kept(slow, fast):
    store = CacheStore(slow, cache_store=fast, cache_set_data=False)
    store.set_sync("a", b"1")

    assert (slow.exists("a"), bool(fast.exists("a"))) == (True, False)
    assert "cache_set_data=False" in repr(store)
    assert store.with_read_only(True).cache_set_data is False


def test_a_wrong_age_is_refused(slow, fast):
    with pytest.raises(ValueError, match="must be 'infinity'"):
        CacheStore(slow, cache_store=fast, max_age_seconds="never")
