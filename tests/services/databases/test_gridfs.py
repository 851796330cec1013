"""Tests of `zarrpy.stores.gridfs`, over the wire."""

import os
import pickle
import threading
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import writers
from bson import ObjectId

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import GridFSStore, as_store, gridfs_claims
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract

pytestmark = pytest.mark.services


@pytest.fixture
def name():
    """A name that no other test has."""
    return f"b{uuid.uuid4().hex}"


@pytest.fixture
def store(mongodb, name):
    """A store in a new bucket, of small pieces."""
    return GridFSStore(mongodb, "zarrpy_tests", name, chunk_nbytes=1000)


@pytest.fixture
def bucket(mongodb, store):
    """The same bucket as the driver has it."""
    import gridfs
    import pymongo

    with pymongo.MongoClient(mongodb) as client:
        yield gridfs.GridFSBucket(client["zarrpy_tests"], store.bucket)


class TestGridFSStore(StoreContract):
    """A bucket keeps the contract of stores."""

    nkeys = 1000
    exchanges = True

    @pytest.fixture
    def store(self, mongodb, name):
        return GridFSStore(mongodb, "zarrpy_tests", name)

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))


class TestSmallPieces(StoreContract):
    """So does one whose values have many pieces."""

    nkeys = 200

    @pytest.fixture
    def store(self, mongodb, name):
        return GridFSStore(mongodb, "zarrpy_tests", name, chunk_nbytes=40_000)


def test_a_chunk_of_twenty_megabytes_comes_back(mongodb, name):
    """As it does in no document."""
    store = GridFSStore(mongodb, "zarrpy_tests", name)
    values = np.frombuffer(os.urandom(20 << 20), "u1")
    array = zarrpy.create_array(store, data=values, chunks=values.shape, compressors=None)

    assert np.array_equal(array[...], values)
    assert store.size("c/0") == 20 << 20


def test_only_the_pieces_of_a_range_are_read(store):
    """From either end, and over the edges of pieces."""
    value = os.urandom(10_500)
    store.set("a", value)
    for start, length in ((0, 1), (999, 2), (1000, 1000), (2500, 3000), (10_499, 1), (10_000, -1)):
        stop = len(value) if length < 0 else start + length
        assert store.get("a", ByteRange(start, length)) == value[start:stop]
    assert store.get("a", ByteRange(-1500, 1001)) == value[-1500:-499]


def test_the_driver_reads_what_was_written(store, bucket):
    """And the other way round: the newest file of a name counts."""
    value = os.urandom(2500)
    store.set("a/b", value)
    store.set("empty", b"")

    assert bucket.open_download_stream_by_name("a/b").read() == value
    assert bucket.open_download_stream_by_name("empty").read() == b""
    bucket.upload_from_stream("a/b", b"theirs")
    assert store.get("a/b") == b"theirs"
    store.set("a/b", b"ours")
    assert bucket.open_download_stream_by_name("a/b").read() == b"ours"


def test_the_collections_are_those_of_the_specification(mongodb, store):
    """Names of fields, and sizes of pieces."""
    import pymongo

    store.set("a", bytes(2500))
    with pymongo.MongoClient(mongodb) as client:
        database = client["zarrpy_tests"]
        (file,) = database[f"{store.bucket}.files"].find()
        chunks = sorted(
            database[f"{store.bucket}.chunks"].find({"files_id": file["_id"]}),
            key=lambda each: each["n"],
        )

    assert set(file) >= {"_id", "filename", "length", "chunkSize", "uploadDate"}
    assert (file["filename"], file["length"], file["chunkSize"]) == ("a", 2500, 1000)
    places = [(each["files_id"], each["n"]) for each in chunks]
    assert places == [(file["_id"], n) for n in (0, 1, 2)]
    assert [len(each["data"]) for each in chunks] == [1000, 1000, 500]


def test_the_commands_on_the_wire_find_files_by_their_name(mongodb, name):
    """No pattern, and no look through the collection, is needed for data."""
    from pymongo import MongoClient, monitoring

    from zarrpy.stores import mongodb_client

    class Heard(monitoring.CommandListener):
        def __init__(self):
            self.commands = []

        def started(self, event):
            self.commands.append(event.command)

        def succeeded(self, event):
            pass

        def failed(self, event):
            pass

    heard = Heard()
    store = GridFSStore(mongodb, "zarrpy_tests", name, chunk_nbytes=1000)
    key = (store.url, os.getpid())
    client = MongoClient(store.url, event_listeners=[heard])
    before = mongodb_client._clients.get(key)
    mongodb_client._clients[key] = client
    try:
        store.set("a", bytes(2500))
        made = [each for each in heard.commands if "createIndexes" in each]
        assert [dict(each["indexes"][0]["key"]) for each in made] == [
            {"filename": 1, "uploadDate": 1},
            {"files_id": 1, "n": 1},
        ]
        assert made[1]["indexes"][0]["unique"]
        heard.commands.clear()
        store.get("a", ByteRange(1500, 10))
    finally:
        del mongodb_client._clients[key]
        client.close()
        if before is not None:
            mongodb_client._clients[key] = before

    finds = [command for command in heard.commands if "find" in command]
    assert [command["find"].rpartition(".")[2] for command in finds] == ["files", "chunks"]
    assert finds[0]["filter"] == {"filename": "a"}
    assert finds[1]["filter"]["n"] == 1


def test_the_older_of_two_files_never_comes_back(mongodb, store):
    """Whoever deletes older ones leaves the newest, and set again the value is the new one."""
    other = GridFSStore(mongodb, "zarrpy_tests", store.bucket, chunk_nbytes=1000)
    threads = [
        threading.Thread(target=lambda s=s, i=i: [s.set("a", b"%d" % i) for _ in range(10)])
        for i, s in enumerate((store, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("a") in (b"0", b"1")
    for i in range(20):
        (store, other)[i % 2].set("a", b"value %d" % i)
        assert store.get("a") == other.get("a") == b"value %d" % i
    assert len([*store._files.find({"filename": "a"})]) == 1


def test_a_clock_that_is_behind_loses_no_value(store):
    """A file that comes from the future is replaced as well."""
    store.set("a", b"1")
    date = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    store._files.update_one({"filename": "a"}, {"$set": {"uploadDate": date}})

    store.set("a", b"2")

    assert store.get("a") == b"2"


def test_missing_pieces_are_an_error(store):
    """Not an absent value, nor a shorter one."""
    store.set("a", bytes(2500))
    (file,) = store._files.find({"filename": "a"})
    store._chunks.delete_many({"files_id": file["_id"]})

    for part in (None, ByteRange(0, 10)):
        with pytest.raises(StoreError, match=r"cannot get 'a' .*pieces of it are missing"):
            store.get("a", part)


def test_urls(mongodb, name):
    """With database, bucket and size of pieces in the URL."""
    store = as_store(f"{mongodb}/zarrpy_tests?bucket={name}&chunk_nbytes=5000")
    zarrpy.create_array(store, data=np.arange(10), chunks=4, name="deep/a")

    assert (store.database, store.bucket, store.chunk_nbytes) == ("zarrpy_tests", name, 5000)
    options = {"bucket": name}
    again = zarrpy.open(f"{mongodb}/zarrpy_tests", path="deep/a", storage_options=options)
    assert again[...].tolist() == list(range(10))


@pytest.mark.parametrize("size", [0, -1, 16 << 20])
def test_a_size_of_pieces_that_cannot_be_is_refused(size):
    """When the store is made."""
    with pytest.raises(ValueError, match="chunk_nbytes"):
        GridFSStore("mongodb://127.0.0.1", chunk_nbytes=size)


def test_a_pickled_store_reads_the_same(store):
    """Connections are of each process."""
    store.set("a", b"123")

    assert pickle.loads(pickle.dumps(store)).get("a") == b"123"


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Who names a file has a claim on the name; nothing is left of those who came too late."""
    assert store.guards
    assert (writers.race(store, 5) == writers.expected(5)).all()

    assert sorted(file["filename"] for file in store._files.find()) == sorted(store.list())
    assert [*store._names[f"{store.bucket}_claims"].find()] == []


def test_a_claim_that_stays_is_broken(store, monkeypatch):
    """Its owner was killed, as far as anybody can tell; its file never comes."""
    monkeypatch.setattr(gridfs_claims, "PATIENCE_SECONDS", 0.05)
    store.set("a", b"1")
    number = ObjectId()
    store._send(number, b"2")
    file = store._file(number, gridfs_claims.waiting(number), 1, None)
    store._files.insert_one(file)
    store._names[f"{store.bucket}_claims"].insert_one({"_id": "a", "file": str(number)})

    assert list(store.list()) == ["a"]
    store.update("a", lambda value: bytes(value or b"") + b"3")

    assert store.get("a") == b"13"
    assert len([*store._files.find()]) == 1
    assert [*store._chunks.find({"files_id": number})] == []
    assert not store._claims._named("a", number, datetime.now(UTC).replace(tzinfo=None))
    assert store.get("a") == b"13"


def test_an_owner_whose_claim_was_broken_begins_again(store, monkeypatch):
    """It finds that there is no file to be named."""
    store.set("a", b"1")
    named, broken = gridfs_claims.Claims._named, []

    def late(claims, key, number, date):
        if not broken:
            broken.append(number)
            claims._drop(number)
            claims._give_back(key, number)
            store.set("a", b"2")
        return named(claims, key, number, date)

    monkeypatch.setattr(gridfs_claims.Claims, "_named", late)
    store.update("a", lambda value: bytes(value or b"") + b"3")

    assert broken
    assert store.get("a") == b"23"
    assert len([*store._files.find()]) == 1
    assert [*store._chunks.find({"files_id": broken[0]})] == []


def test_updates_make_replace_and_delete(store):
    """As those of other stores do; what is not there stays so."""
    store.update("a", lambda value: None)
    assert store.get("a") is None
    store.update("a", lambda value: b"1" if value is None else b"wrong")
    store.update("a", lambda value: bytes(value or b"") + bytes(2500))
    assert store.get("a") == b"1" + bytes(2500)

    store.update("a", lambda value: None)

    assert store.get("a") is None
    assert [*store._files.find()] == []
