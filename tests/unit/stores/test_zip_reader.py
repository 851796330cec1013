"""Tests of `zarrpy.stores.zip_reader`: a zip file in another store, read by ranges."""

import pickle
import threading
import zipfile

import numpy as np
import pytest
from obstore.store import MemoryStore as Bucket
from web_server import serving

import zarrpy
from zarrpy.errors import ConflictError, LimitError, ReadOnlyStoreError, StoreError
from zarrpy.stores import (
    ByteRange,
    FsspecStore,
    LocalStore,
    MemoryStore,
    ObjectStore,
    ZipReaderStore,
    ZipStore,
    as_store,
)
from zarrpy.testing.store_contract import StoreContract

FIELD = np.arange(64 * 64, dtype="f4").reshape(64, 64)


class Sent(ZipReaderStore):
    """A file that is written here and sent to another store after each change, to be tested."""

    def __init__(self, path):
        super().__init__(ObjectStore(Bucket()), "a.zip")
        self.path = path
        self.read_only = False
        self.sending = threading.RLock()
        self._send(lambda file: file.set_many(["a"], [b""]))
        self._send(lambda file: file.delete("a"))

    def _send(self, change):
        with self.sending:
            with ZipStore(self.path) as file:
                change(file)
            with open(self.path, "rb") as sent:
                self.store.set("a.zip", sent.read())
            with self._lock:
                self._opened = None

    def set(self, key, value):
        self.set_many([key], [value])

    def set_many(self, keys, values):
        if keys:
            self.check_writable("set", keys[0])
            self._send(lambda file: file.set_many(keys, values))

    def update(self, key, change):
        self.check_writable("update", key)
        self._send(lambda file: file.update(key, change))

    def delete(self, key):
        self.check_writable("delete", key)
        self._send(lambda file: file.delete(key))

    def delete_prefix(self, prefix):
        self.check_writable("delete", prefix)
        self._send(lambda file: file.delete_prefix(prefix))

    def rename(self, key, new, *, replace=True):
        done = []
        self._send(lambda file: done.append(file.rename(key, new, replace=replace)))
        return done[0]


class TestZipReaderStore(StoreContract):
    """What is read keeps the contract of stores."""

    nkeys = 1200

    @pytest.fixture
    def store(self, tmp_path):
        return Sent(str(tmp_path / "a.zip"))


@pytest.fixture
def packed(tmp_path):
    """The bytes of a zip file with a group in it."""
    with zarrpy.create_group(tmp_path / "a.zip") as group:
        group.create_array("t/plain", data=FIELD, chunks=(16, 64))
        group.create_array("t/shards", data=FIELD, chunks=(8, 8), shards=(64, 64))
    return (tmp_path / "a.zip").read_bytes()


class Counting(MemoryStore):
    """Counts what is asked of it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    @property
    def in_memory(self):
        return False

    def get(self, key, byte_range=None):
        self.asked.append(byte_range)
        return super().get(key, byte_range)

    def size(self, key):
        self.asked.append("size")
        return super().size(key)


def test_no_more_is_asked_for_than_is_wanted(packed):
    """Two requests open the file, and each value is one."""
    store = Counting()
    store.set("a.zip", packed)
    array = zarrpy.open_array(ZipReaderStore(store, "a.zip"), path="t/plain", zarr_format=3)
    assert store.asked[:2] == ["size", ByteRange(0, -1)]
    assert len(store.asked) == 3

    store.asked.clear()
    assert (array[:32] == FIELD[:32]).all()

    assert len(store.asked) == 2
    assert sum(asked.length for asked in store.asked) < 2 * 16 * 64 * 4 + 2 * 100


def test_a_shard_is_read_in_part(packed):
    """By its index, once, and the chunks that are wanted."""
    store = Counting()
    store.set("a.zip", packed)
    array = zarrpy.open_array(ZipReaderStore(store, "a.zip"), path="t/shards", zarr_format=3)
    shard = ZipReaderStore(store, "a.zip").size("t/shards/c/0/0")
    assert array[9, 9] == FIELD[9, 9]
    store.asked.clear()

    assert array[40, 40] == FIELD[40, 40]

    assert 0 < sum(asked.length for asked in store.asked) < shard / 4


def test_a_directory_of_many_entries_takes_one_request_more(tmp_path):
    """It does not lie in what is read first."""
    with ZipStore(tmp_path / "a.zip") as file:
        file.set_many([f"a/{i:05}" for i in range(3000)], [b"%d" % i for i in range(3000)])
    store = Counting()
    store.set("x/a.zip", (tmp_path / "a.zip").read_bytes())
    reader = ZipReaderStore(store, "x/a.zip")

    assert len(list(reader.list("a/"))) == 3000
    assert len(store.asked) <= 4
    assert reader.get("a/02999") == b"2999"


def test_a_file_that_is_replaced_while_it_is_read_is_read_anew(packed, tmp_path):
    """No value is made of the bytes of two files."""
    store = ObjectStore(Bucket())
    store.set("a.zip", packed)
    array = zarrpy.open_array(ZipReaderStore(store, "a.zip"), path="t/plain")
    shards = zarrpy.open_array(ZipReaderStore(store, "a.zip"), path="t/shards")
    assert array[0, 1] == 1
    assert shards[0, 1] == 1

    with zarrpy.create_group(tmp_path / "b.zip") as group:
        group.create_array("first", data=np.arange(1000))
        group.create_array("t/plain", data=-FIELD, chunks=(16, 64))
        group.create_array("t/shards", data=-FIELD, chunks=(8, 8), shards=(64, 64))
    store.set("a.zip", (tmp_path / "b.zip").read_bytes())

    assert (array[...] == -FIELD).all()
    assert (shards[...] == -FIELD).all()


def test_a_file_that_is_replaced_again_and_again_is_an_error(packed, monkeypatch):
    """It is not waited for without end."""
    monkeypatch.setattr("zarrpy.stores.zip_reader._PATIENCE_SECONDS", 0.1)

    class Restless(MemoryStore):
        def get_versioned(self, key, byte_range=None, version=None):
            if version is not None:
                raise ConflictError("it was replaced meanwhile", key=key)
            return self.get(key, byte_range), object()

    store = Restless()
    store.set("a.zip", packed)

    with pytest.raises(ConflictError):
        ZipReaderStore(store, "a.zip").get("zarr.json")


@pytest.mark.parametrize("form", ["{url}/a%20b.zip|zip:t", "zip://t::{url}/a%20b.zip"])
@pytest.mark.parametrize("able", [True, False], ids=["ranges", "whole values only"])
def test_a_url_names_a_path_in_a_file_of_a_web_server(packed, tmp_path, form, able):
    """With what is sent with each request."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/a b.zip").write_bytes(packed)
    with serving(tmp_path / "site") as site:
        site.ranges = site.heads = able
        url = form.format(url=site.url)

        group = zarrpy.open_group(url, mode="r")

        assert sorted(group) == ["plain", "shards"]
        assert (group["shards"][3:5] == FIELD[3:5]).all()
        assert group.store.place_of("plain") == f"{site.url}/a b.zip|zip:t/plain"
        query = zarrpy.open_array(f"{site.url}/a%20b.zip?x=1|zip:t/plain", mode="r")
        assert query[0, 1] == 1
        assert site.seen[-1][1] == "/a%20b.zip?x=1"


def test_a_store_goes_to_other_processes(packed):
    """It opens the file again there."""
    store = MemoryStore()
    store.set("a.zip", packed)
    reader = ZipReaderStore(store, "a.zip")
    assert reader.exists("zarr.json")

    same = pickle.loads(pickle.dumps(reader))

    assert same.get("zarr.json") == reader.get("zarr.json")


def test_options_are_those_of_the_file_system(packed):
    """After a bar as they are, in a chain by its protocol."""
    FsspecStore("memory://zips").set("a.zip", packed)

    for url, options in (
        ("memory://zips/a.zip|zip:t", {"skip_instance_cache": True}),
        ("zip://t::memory://zips/a.zip", {"memory": {"skip_instance_cache": True}}),
    ):
        store = as_store(url, storage_options=options)
        assert "plain" in store.list_dir()


def test_nothing_is_written(packed):
    """Whatever the mode; the error says so."""
    store = MemoryStore()
    store.set("a.zip", packed)
    array = zarrpy.open_array(ZipReaderStore(store, "a.zip"), path="t/plain", mode="r+")

    with pytest.raises(ReadOnlyStoreError, match="only read"):
        array[0] = 1


def test_what_is_no_zip_file_is_an_error():
    """So is none at all, and a URL that names none."""
    store = MemoryStore()
    store.set("a.zip", b"PK" + bytes(100))

    with pytest.raises(StoreError, match=r"no zip file.*recover"):
        ZipReaderStore(store, "a.zip").get("zarr.json")
    with pytest.raises(StoreError, match="no zip file"):
        ZipReaderStore(store, "b.zip").get("zarr.json")
    with pytest.raises(StoreError, match=r"a\.zip\|zip:path"):
        as_store("https://example.org|zip:a")


def test_damage_and_bombs_are_found(tmp_path):
    """As in a file on the disk."""
    store = LocalStore(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a", bytes(range(200)))
        file.writestr("b", bytes(1 << 20), zipfile.ZIP_DEFLATED)
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    raw[100] ^= 1
    (tmp_path / "a.zip").write_bytes(raw)
    reader = ZipReaderStore(store, "a.zip")

    with pytest.raises(StoreError, match="checksum of 'a'"):
        reader.get("a")
    with zarrpy.config.set({"limits.max_chunk_bytes": 1000}), pytest.raises(LimitError):
        reader.get("b")
    assert reader.get("b", ByteRange(-5)) == bytes(5)
