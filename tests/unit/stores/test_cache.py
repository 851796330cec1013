"""Tests of `zarrpy.stores.cache`: values that were read are kept, never too long."""

import os
import pickle
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import CacheStore, LocalStore, MemoryStore, MockStore
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract


class Versioned(MockStore):
    """Tells versions of its values, and counts requests."""

    def version(self, key):
        """Give the value itself, which differs when it does."""
        value = self.store.get(key)
        return value if value is None else hash(value)


class TestCacheStore(StoreContract):
    """A cache in memory keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return CacheStore(MemoryStore())


class TestValidatedCacheStore(StoreContract):
    """So does one that asks for versions."""

    @pytest.fixture
    def store(self):
        return CacheStore(Versioned(), validate=True)


class TestDirectoryCacheStore(StoreContract):
    """So does one in a directory."""

    @pytest.fixture
    def store(self, tmp_path):
        return CacheStore(LocalStore(tmp_path / "store"), directory=tmp_path / "cache")


@pytest.fixture(params=["memory", "directory"])
def place(request, tmp_path):
    """Where values are kept."""
    return {} if request.param == "memory" else {"directory": tmp_path / "cache", "name": "s"}


def test_what_was_read_is_not_read_again(place):
    """Whole values, and parts of what is there whole."""
    below = Versioned(MemoryStore({"a": b"0123456789", "b": b"x"}))
    store = CacheStore(below, **place)

    for _ in range(3):
        assert store.get("a") == b"0123456789"
        assert store.get("a", ByteRange(-3)) == b"789"
        assert store.get_many(["b", "a"]) == [b"x", b"0123456789"]

    assert [(call.operation, call.keys) for call in below.calls] == [
        ("get", ("a",)),
        ("get_many", ("b",)),
    ]


def test_parts_are_kept_as_parts(place):
    """The whole is not read for them."""
    below = MockStore(MemoryStore({"a": b"0123456789"}))
    store = CacheStore(below, **place)

    for _ in range(2):
        assert store.get("a", ByteRange(2, 3)) == b"234"
        assert store.get("a", ByteRange(-1)) == b"9"

    assert below.count("get") == 2
    store.set("a", b"new")
    assert store.get("a", ByteRange(-1)) == b"w"


def test_what_is_absent_is_asked_for_again(place):
    """Somebody may set it."""
    below = MockStore()
    store = CacheStore(below, **place)

    assert store.get("a") is None
    below.store.set("a", b"1")

    assert store.get("a") == b"1"


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.set("a", b"new"),
        lambda store: store.set_many(["a"], [b"new"]),
        lambda store: store.update("a", lambda value: b"new"),
        lambda store: store.delete("a"),
        lambda store: store.delete_prefix(""),
        lambda store: store.rename("b", "a"),
        lambda store: store.rename("a", "c"),
        lambda store: store.exclusive("a").commit(b"new"),
    ],
)
def test_what_is_changed_through_it_is_read_anew(place, change):
    """By whatever method."""
    below = MemoryStore({"a": b"old", "b": b"other"})
    store = CacheStore(below, **place)
    store.get_many(["a", "b"])

    change(store)

    assert store.get("a") == below.get("a") != b"old"


def test_validation_finds_what_others_change(place):
    """The value is read again when its version is another one."""
    below = Versioned(MemoryStore({"a": b"1"}))
    store = CacheStore(below, validate=True, **place)

    assert [store.get("a"), store.get("a")] == [b"1", b"1"]
    assert below.count("get") == 1
    below.store.set("a", b"2")
    assert store.get("a") == b"2"


def test_validation_keeps_nothing_of_a_store_that_cannot_tell_versions(place):
    """It is never older than the store, then."""
    below = MockStore(MemoryStore({"a": b"1"}))
    store = CacheStore(below, validate=True, **place)
    store.get("a")
    below.store.set("a", b"2")

    assert store.get("a") == b"2"
    assert store.counts.nvalues == 0


def test_a_value_is_kept_for_so_many_seconds(place, monkeypatch):
    """And not from the future, when a clock was set back."""
    clock = [1000.0]
    monkeypatch.setattr("zarrpy.stores.cache.now", lambda: clock[0])
    below = MemoryStore({"a": b"1"})
    store = CacheStore(below, max_age=10, **place)
    store.get("a")
    below.set("a", b"2")

    clock[0] = 1009.0
    assert store.get("a") == b"1"
    clock[0] = 1011.0
    assert store.get("a") == b"2"
    below.set("a", b"3")
    clock[0] = 900.0
    assert store.get("a") == b"3"


def test_values_unused_for_longest_make_room(place):
    """The bound holds at any time."""
    below = MemoryStore({f"k{i}": bytes(1000) for i in range(20)})
    store = CacheStore(below, 5500, **place)

    for i in range(20):
        store.get(f"k{i}")
        store.get("k0")

    counts = store.counts
    assert 0 < counts.nbytes <= 5500
    assert counts.nvalues >= 3
    before = counts.misses
    store.get("k0")
    assert store.counts.misses == before


def test_a_value_larger_than_all_room_is_not_kept(place):
    """Nothing else goes for it."""
    store = CacheStore(MemoryStore({"a": bytes(100), "b": bytes(5000)}), 1000, **place)

    store.get("a")
    store.get("b")

    assert store.counts.nvalues == 1


def test_a_read_that_a_write_overtakes_is_not_kept():
    """What it read may be the old value."""
    below = MemoryStore({"a": b"old"})
    store = CacheStore(below)
    get = below.get

    def slow(key, byte_range=None):
        value = get(key, byte_range)
        below.get = get
        store.set("a", b"new")
        return value

    below.get = slow
    assert store.get("a") == b"old"

    assert store.get("a") == b"new"


def test_threads_never_read_what_was_replaced_before_they_asked():
    """A value read after a write is that one or a later one."""
    store = CacheStore(MemoryStore({"a": b"0"}))
    written, stale, done = [0], [], threading.Event()

    def read():
        while not done.is_set():
            least = written[0]
            found = int(bytes(store.get("a")))
            if found < least:
                stale.append((found, least))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(1, 500):
        store.set("a", str(i).encode())
        written[0] = i
    done.set()
    for reader in readers:
        reader.join()

    assert stale == []


# ------------------------------------------------------------------------------ directories


def test_a_directory_is_found_again_by_the_next_process(tmp_path):
    """By the name of the store."""
    LocalStore(tmp_path / "s").set("a", b"1")
    store = CacheStore(LocalStore(tmp_path / "s"), directory=tmp_path / "cache")
    store.get("a")

    again = pickle.loads(pickle.dumps(store))

    assert again.get("a") == b"1"
    assert (again.counts.hits, again.counts.misses) == (1, 0)


def test_two_stores_share_a_directory_and_no_value(tmp_path):
    """Though their keys are the same."""
    stores = [
        CacheStore(below, directory=tmp_path / "cache")
        for below in (MemoryStore({"a": b"1"}), MemoryStore({"a": b"2"}))
    ]

    for _ in range(2):
        assert [store.get("a") for store in stores] == [b"1", b"2"]


def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path):
    """The value is read again, whatever the damage."""
    store = CacheStore(MemoryStore({"a": b"value"}), directory=tmp_path / "cache")
    store.get("a")
    (path,) = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    whole = path.read_bytes()

    for damaged in (whole[:-1], whole[:-1] + b"X", b"", b"{}\nvalue", b"\xff" * 50, b"[1]\nvalue"):
        path.write_bytes(damaged)
        assert store.get("a") == b"value"


def test_a_directory_that_cannot_be_written_keeps_nothing(tmp_path):
    """Reading goes on."""
    (tmp_path / "cache").write_bytes(b"a file")
    store = CacheStore(MemoryStore({"a": b"1"}), directory=tmp_path / "cache")

    assert [store.get("a"), store.get("a")] == [b"1", b"1"]


def test_processes_that_share_a_directory_keep_its_bound(tmp_path):
    """Each looks through it when its own values would be too many."""
    below = MemoryStore({f"k{i}": os.urandom(1000) for i in range(40)})
    stores = [CacheStore(below, 6000, directory=tmp_path, name="s") for _ in range(2)]

    for i in range(40):
        stores[i % 2].get(f"k{i}")
    for store in stores:
        store.get("k39")

    assert stores[0].counts.nbytes <= 2 * 6000


def test_forgetting_is_for_what_others_changed(place):
    """All, or below a prefix."""
    below = MemoryStore({"a/x": b"1"})
    store = CacheStore(below, **place)
    store.get("a/x")
    below.set("a/x", b"2")

    store.forget("a/")

    assert store.get("a/x") == b"2"


def test_the_chunks_of_an_array_come_from_the_cache(place):
    """Shards too, by the parts that were read."""
    below = MockStore()
    values = np.arange(400).reshape(20, 20)
    zarrpy.create_array(below, data=values, chunks=(5, 5), shards=(10, 10))
    array = zarrpy.open(CacheStore(below, **place), mode="r+")
    array[:7, :7]
    below.reset()

    assert np.array_equal(array[:7, :7], values[:7, :7])
    assert below.count("get") + below.count("get_many") == 0
    array[0, 0] = -1
    assert array[0, 0] == -1 == zarrpy.open(below)[0, 0]
