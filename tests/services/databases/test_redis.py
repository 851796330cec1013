"""Tests of `zarrpy.stores.redis`, against a server."""

import pickle
import threading
import time
import uuid

import numpy as np
import pytest
import writers

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import PrefixStore, RedisStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract


@pytest.fixture
def store(redis):
    """A store with a prefix that no other test has."""
    with RedisStore(redis, f"t{uuid.uuid4().hex}") as store:
        yield store


class TestRedisStore(StoreContract):
    """A server keeps the contract of stores."""

    exchanges = True

    @pytest.fixture
    def store(self, redis):
        with RedisStore(redis, f"t*[{uuid.uuid4().hex}") as store:
            yield store

    @pytest.fixture
    def another(self, redis, store):
        with RedisStore(redis, store.prefix) as another:
            yield another


class TestPartOfRedisStore(StoreContract):
    """So does a part of one, beside others."""

    @pytest.fixture
    def store(self, redis):
        prefix = f"t{uuid.uuid4().hex}"
        with RedisStore(redis, prefix) as store:
            store.set("other", b"1")
            yield PrefixStore(store, "a/path")


def test_what_an_older_library_wrote_is_read(redis, store):
    """Keys begin with the prefix and a colon."""
    import redis as driver

    with driver.Redis.from_url(redis) as client:
        client.set(f"{store.prefix}:.zgroup", b'{"zarr_format": 2}')

    assert zarrpy.open_group(store).metadata.zarr_format == 2
    assert list(store.list()) == [".zgroup"]


def test_values_expire(redis, store):
    """After the seconds that were told, unless they are set again."""
    short = RedisStore(redis, store.prefix, expire=0.05)
    short.set("a", b"1")
    short.set_many(["b"], [b"1"])
    store.set("b", b"2")
    end = time.monotonic() + 30

    while short.get("a") is not None and time.monotonic() < end:
        time.sleep(0.01)

    assert list(store.list()) == ["b"]
    short.close()


def test_urls(redis, store):
    """With the prefix as an option."""
    options = {"prefix": store.prefix}
    zarrpy.create_array(redis, data=np.arange(10), chunks=4, storage_options=options).close()

    with as_store(redis, storage_options=options) as again:
        assert isinstance(again, RedisStore)
        assert zarrpy.open(again)[3:5].tolist() == [3, 4]


def test_updates_of_threads_are_all_seen(store):
    """Of a key that is there, and of one that all make at the same time."""

    def add():
        for _ in range(20):
            store.update("a", lambda value: b"%d" % (int(bytes(value or b"0")) + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("a") == b"80"


def test_a_server_that_does_not_answer_is_an_error_that_passes():
    """The password is not told."""
    with (
        RedisStore("redis://me:secret@127.0.0.1:1/0") as store,
        pytest.raises(StoreError, match="cannot get 'a'") as caught,
    ):
        store.get("a")

    assert caught.value.transient
    assert "redis-cli -h 127.0.0.1 -p 1 ping" in caught.value.hint
    assert "secret" not in str(caught.value) + repr(store)


def test_arrays_share_a_server(store):
    """Grown, changed in part, read in part."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    array = zarrpy.create_array(store, data=values, chunks=(2, 5), shards=(4, 10), name="deep/a")
    array[1:3, ::2] = -1
    array.append(values[:2])
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    assert np.array_equal(zarrpy.open(store)["deep/a"][...], values)


def test_a_pickled_store_reads_the_same(store):
    """With connections of its own."""
    store.set("a", b"123")

    with pickle.loads(pickle.dumps(store)) as again:
        assert again.get("a", ByteRange(1)) == b"23"


@pytest.mark.parametrize("expire", [0, -1])
def test_a_time_that_makes_no_sense_is_refused(expire):
    """When the store is made."""
    with pytest.raises(ValueError, match="expire"):
        RedisStore(expire=expire)


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Each has columns of its own in the same two chunks."""
    assert (writers.race(store, 5) == writers.expected(5)).all()
