"""Tests of `zarrpy.stores.overlay`: changes lie over a store that is not changed."""

import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import LocalStore, MemoryStore, MockStore, OverlayStore, ReadOnlyStore
from zarrpy.testing.store_contract import StoreContract


class TestOverlayStore(StoreContract):
    """An overlay keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return OverlayStore(MemoryStore())


class TestOverlayInDirectory(StoreContract):
    """So does one that keeps its changes in a directory, over one that had keys."""

    nkeys = 1200  # what it wraps is tried with more

    @pytest.fixture
    def store(self, tmp_path):
        lower = MemoryStore({"a": b"old", "a/b": b"old", "b/c": b"old"})
        store = OverlayStore(ReadOnlyStore(lower), LocalStore(tmp_path))
        store.delete_prefix("")
        return store


@pytest.fixture
def lower():
    """A store with some keys."""
    return MemoryStore({key: b"lower " + key.encode() for key in ("a", "b/c", "b/d", "e/f")})


def test_the_lower_store_is_never_changed(lower):
    """Whatever is done."""
    before = dict(lower._values)
    store = OverlayStore(ReadOnlyStore(lower))

    store.set("a", b"1")
    store.set_many(["b/c", "new"], [None, b"2"])
    store.update("b/d", lambda value: bytes(value) + b"!")
    store.rename("e/f", "e/g")
    store.delete("new")
    store.delete_prefix("b/")

    assert lower._values == before
    assert sorted(store.list()) == ["a", "e/g"]


def test_what_was_deleted_stays_deleted(lower):
    """For reading, asking, and listing, until it is set again."""
    store = OverlayStore(lower)

    store.delete("b/c")
    store.delete("e/f")

    assert (store.get("b/c"), store.exists("b/c"), store.size("b/c")) == (None, False, None)
    assert store.get_many(["b/c", "b/d"]) == [None, b"lower b/d"]
    assert store.list_dir("") == ["a", "b"]
    assert store.list_dir("b/") == ["d"]
    store.set("b/c", b"again")
    assert store.list_dir("b/") == ["c", "d"]
    store.delete("b/c")
    assert store.get("b/c") is None


def test_names_of_both_stores_are_listed_together(lower):
    """No mark is among them."""
    store = OverlayStore(lower)
    store.set("b/x", b"1")
    store.delete("a")

    assert store.list_dir("") == ["b", "e"]
    assert store.list_dir("b/") == ["c", "d", "x"]
    assert sorted(store.list()) == ["b/c", "b/d", "b/x", "e/f"]


def test_changes_are_told_and_taken_back(lower):
    """All at once."""
    store = OverlayStore(lower)
    store.set("a", b"1")
    store.delete("b/c")
    store.delete("nothing")
    store.delete("e/f")
    store.set("e/f", b"again")

    assert store.changes() == (["a", "e/f"], ["b/c"])
    store.discard()
    assert store.changes() == ([], [])
    assert store.get("b/c") == b"lower b/c"


def test_changes_in_a_directory_are_there_again(lower, tmp_path):
    """For the next overlay of the same store."""
    store = OverlayStore(lower, LocalStore(tmp_path))
    store.set("a", b"1")
    store.delete("b/c")

    again = OverlayStore(lower, LocalStore(tmp_path))

    assert (again.get("a"), again.get("b/c")) == (b"1", None)


def test_an_array_is_changed_without_its_store():
    """Chunks, shape and attributes; what is resized away is gone above only."""
    lower = MemoryStore()
    values = np.arange(60).reshape(6, 10)
    zarrpy.create_array(lower, data=values, chunks=(2, 5), attributes={"a": 1})
    array = zarrpy.open(OverlayStore(ReadOnlyStore(lower)), mode="r+")

    array[0] = -1
    array.resize((3, 10))
    array.attrs["a"] = 2
    array.append(values[:1])

    assert np.array_equal(array[...], [[-1] * 10, values[1], values[2], values[0]])
    below = zarrpy.open(lower)
    assert np.array_equal(below[...], values)
    assert below.attrs["a"] == 1


def test_values_of_the_lower_store_are_read_together(lower):
    """Those that were not changed, in one request."""
    counted = MockStore(lower)
    store = OverlayStore(counted)
    store.set("a", b"1")
    counted.reset()

    store.get_many(["a", "b/c", "b/d", "x"])

    assert [call.keys for call in counted.calls] == [("b/c", "b/d", "x")]


def test_a_reader_never_sees_below_what_is_being_deleted():
    """The value above, or nothing."""
    store = OverlayStore(MemoryStore({"a": b"lower"}))
    store.set("a", b"upper")
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            value = store.get("a")
            seen.add(None if value is None else bytes(value))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        store.delete("a")
        store.set("a", b"upper")
    done.set()
    reader.join()

    assert seen <= {None, b"upper"}


def test_as_many_requests_go_at_a_time_as_to_the_store_below():
    """Chunks of a store behind a network come one after the other otherwise."""

    class Far(MemoryStore):
        requests = 7

    assert OverlayStore(Far()).requests == 7
    assert OverlayStore(MemoryStore(), Far()).requests == 7
