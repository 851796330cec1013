"""Tests of `zarrpy.stores.mongodb`, over the wire."""

import pickle
import threading
import uuid

import numpy as np
import pytest
import writers

import zarrpy
from zarrpy.errors import LimitError, StoreError
from zarrpy.stores import GridFSStore, MongoDBStore, PrefixStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.stores.mongodb_client import public, split
from zarrpy.testing.store_contract import StoreContract

pytestmark = pytest.mark.services


@pytest.fixture
def name():
    """A name that no other test has."""
    return f"c{uuid.uuid4().hex}"


@pytest.fixture
def store(mongodb, name):
    """A store in a new collection."""
    return MongoDBStore(mongodb, "zarrpy_tests", name)


class Documents(StoreContract):
    """What the contract has that a document cannot hold."""

    def test_a_value_of_twenty_megabytes_is_stored_whole(self, store):
        """A value larger than a document is refused, with where to keep it."""
        with pytest.raises(LimitError, match="GridFSStore"):
            store.set("large", bytes(20 << 20))


class TestMongoDBStore(Documents):
    """A collection keeps the contract of stores."""

    nkeys = 2000
    exchanges = True

    @pytest.fixture
    def store(self, mongodb, name):
        return MongoDBStore(mongodb, "zarrpy_tests", name)

    @pytest.fixture
    def another(self, mongodb, name):
        return MongoDBStore(mongodb, "zarrpy_tests", name)


class TestPartOfMongoDBStore(Documents):
    """So does a part of one, beside others."""

    nkeys = 1000

    @pytest.fixture
    def store(self, mongodb, name):
        MongoDBStore(mongodb, "zarrpy_tests", name).set("other", b"1")
        return PrefixStore(MongoDBStore(mongodb, "zarrpy_tests", name), "a/path")


def test_what_an_older_library_wrote_is_read_and_changed(mongodb, store):
    """Documents with a key and a value."""
    import pymongo

    with pymongo.MongoClient(mongodb) as client:
        collection = client["zarrpy_tests"][store.collection]
        collection.insert_one({"key": ".zgroup", "value": b'{"zarr_format": 2}'})

        assert zarrpy.open_group(store).metadata.zarr_format == 2
        assert store.version(".zgroup") is None
        store.update(".zgroup", lambda value: bytes(value) + b" ")
        assert collection.find_one({"key": ".zgroup"})["value"] == b'{"zarr_format": 2} '


def test_urls(mongodb, name):
    """With database and collection in the URL, or as options."""
    store = as_store(f"{mongodb}/zarrpy_tests?collection={name}&appName=mine")
    zarrpy.create_array(store, data=np.arange(10), chunks=4, name="deep/a")

    options = {"database": "zarrpy_tests", "collection": name}
    assert zarrpy.open(mongodb, path="deep/a", storage_options=options)[3] == 3
    assert isinstance(store, MongoDBStore)
    assert isinstance(as_store(f"{mongodb}/x?bucket=b"), GridFSStore)
    assert isinstance(as_store(mongodb, storage_options={"bucket": "b"}), GridFSStore)


def test_what_is_ours_in_a_url_is_taken_out():
    """The rest is the driver's."""
    assert split("mongodb://h:1,i:2/data?collection=c&replicaSet=r") == (
        "mongodb://h:1,i:2/?replicaSet=r",
        {"collection": "c", "database": "data"},
    )
    assert split("mongodb://u:p@h/data")[0] == "mongodb://u:p@h/data"
    assert public("mongodb://u:p%40@h:1,i:2/d?x=y") == "mongodb://u@h:1,i:2"


def test_a_server_that_does_not_answer_is_an_error_that_passes():
    """The password is not told."""
    url = "mongodb://me:secret@127.0.0.1:1/db?serverSelectionTimeoutMS=200"
    with MongoDBStore(url) as store, pytest.raises(StoreError, match="cannot get 'a'") as caught:
        store.get("a")

    assert caught.value.transient
    assert caught.value.__cause__ is not None
    assert "secret" not in str(caught.value) + repr(store)
    assert "Connection refused ->" in str(caught.value)  # what the driver adds is its cause's


def test_updates_of_threads_are_all_seen(mongodb, store):
    """Of a key that is there, and of one that all make at the same time."""
    others = [MongoDBStore(mongodb, "zarrpy_tests", store.collection) for _ in range(4)]

    def add(other):
        for _ in range(10):
            other.update("a", lambda value: b"%d" % (int(bytes(value or b"0")) + 1))

    threads = [threading.Thread(target=add, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("a") == b"40"


def test_listing_does_not_believe_a_server_that_finds_nothing(store):
    """It asks once whether ranges of keys are found, and looks through all keys otherwise."""
    keys = [f"a/{i}" for i in range(30)] + ["b/1"]
    store.set_many(keys, [b"1"] * len(keys))

    assert sorted(store.list("a/")) == sorted(keys[:-1])
    store._ranges = False
    assert sorted(store.list("a/")) == sorted(keys[:-1])


def test_arrays_share_a_collection(store):
    """Several, by their paths; grown, changed in part, read in part."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    group = zarrpy.create_group(store)
    array = group.create_array("deep/a", data=values, chunks=(2, 5), shards=(4, 10))
    array[1:3, ::2] = -1
    array.append(values[:2])
    group.create_array("b", data=[1, 2, 3])
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    assert np.array_equal(zarrpy.open(store)["deep/a"][...], values)
    assert zarrpy.open(store)["b"][...].tolist() == [1, 2, 3]


def test_a_pickled_store_reads_the_same(store):
    """Connections are of each process."""
    store.set("a", b"123")

    assert pickle.loads(pickle.dumps(store)).get("a", ByteRange(1)) == b"23"


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Each has columns of its own in the same two chunks."""
    assert (writers.race(store, 5) == writers.expected(5)).all()
