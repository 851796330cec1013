"""Tests of `zarrpy.stores.wrapper`, and of the small stores that are made with it."""

import inspect
import logging
import pickle
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ReadOnlyStoreError, StoreError
from zarrpy.stores import (
    LocalStore,
    LoggingStore,
    MemoryStore,
    MetricsStore,
    MockStore,
    PrefixStore,
    ReadOnlyStore,
    Store,
    WrapperStore,
)
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract

VALUES = np.arange(60, dtype="f4").reshape(6, 10)


class TestPrefixStore(StoreContract):
    """A part of a store keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return PrefixStore(MemoryStore({"other": b"1"}), "a/path")


class TestPrefixOfFiles(StoreContract):
    """So does a part of a directory."""

    nkeys = 1200  # what it wraps is tried with more

    @pytest.fixture
    def store(self, tmp_path):
        return PrefixStore(LocalStore(tmp_path / "x"), "a/path")


class TestLoggingStore(StoreContract):
    """A store that logs keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return LoggingStore(MemoryStore())


class TestMetricsStore(StoreContract):
    """A store that counts keeps the contract of stores."""

    nkeys = 1200  # what it wraps is tried with more

    @pytest.fixture
    def store(self, tmp_path):
        return MetricsStore(LocalStore(tmp_path))


def test_a_wrapper_hands_on_every_method():
    """None is left to a default that knows nothing of the store below."""
    own = {"from_url", "check_writable"}  # these are about the wrapper itself
    own |= {"stage", "set_together"}  # transactions are refused: begun over the store below
    methods = {name for name in vars(Store) if not name.startswith("_")}
    missing = {
        name
        for name in methods - own
        if (inspect.isfunction(vars(Store)[name]) or isinstance(vars(Store)[name], property))
        and name not in vars(WrapperStore)
    }

    assert missing == set()


@pytest.mark.parametrize(
    "wrap", [WrapperStore, lambda store: PrefixStore(store, "p"), LoggingStore, MetricsStore]
)
def test_values_that_come_together_are_asked_for_together(wrap):
    """One request stays one request."""
    below = MockStore()
    store = wrap(below)

    store.set_many(["a", "b"], [b"1", b"2"])
    store.get_many(["a", "b", "c"])

    assert [call.operation for call in below.calls] == ["set_many", "get_many"]


def test_files_below_a_path_are_read_and_written_by_the_engine(tmp_path, contents):
    """A part of a local store is as fast as the whole."""
    store = PrefixStore(LocalStore(tmp_path), "a/b")
    array = zarrpy.create_array(store, data=VALUES, chunks=(2, 5))
    array[1:3] = -1

    assert store.directory("") is not None
    assert np.array_equal(zarrpy.open(tmp_path, path="a/b")[...], array[...])
    assert all(key.startswith("a/b/") for key in contents(LocalStore(tmp_path)))


def test_copying_into_itself_is_found_out_through_wrappers(tmp_path):
    """Whatever lies between."""
    local = LocalStore(tmp_path)
    below = PrefixStore(local, "a")

    assert local.overlaps("a", LoggingStore(below), "")
    assert LoggingStore(below).overlaps("b", local, "a")
    assert not local.overlaps("b", below, "")


# -------------------------------------------------------------------------------- read only


@pytest.fixture(params=["memory", "local"])
def guarded(request, tmp_path):
    """A store with an array in it, and one that reads it only."""
    store = MemoryStore() if request.param == "memory" else LocalStore(tmp_path)
    zarrpy.create_array(store, data=VALUES, chunks=(2, 5))
    return store, ReadOnlyStore(store)


def test_a_read_only_store_is_read(guarded):
    """As the store below, by all that reads."""
    store, reader = guarded

    assert np.array_equal(zarrpy.open(reader)[1:4], VALUES[1:4])
    assert sorted(reader.list()) == sorted(store.list())
    assert reader.get("zarr.json", ByteRange(0, 1)) == b"{"
    assert (reader.directory("") is None) == (store.directory("") is None)


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.set("a", b"1"),
        lambda store: store.set_many(["a"], [None]),
        lambda store: store.update("a", lambda value: b"1"),
        lambda store: store.delete("zarr.json"),
        lambda store: store.delete_prefix(""),
        lambda store: store.rename("zarr.json", "b"),
        lambda store: store.exclusive("zarr.json"),
        lambda store: store.directory("new", create=True),
        lambda store: store.tidy(""),
        lambda store: zarrpy.create_group(store, overwrite=True),
        lambda store: zarrpy.open(store, mode="r+").append([[0] * 10]),
        lambda store: zarrpy.open(store, mode="r+").__setitem__(0, 1),
    ],
)
def test_a_read_only_store_refuses_every_change(guarded, contents, change):
    """Also after somebody has said that it is not read-only; nothing is changed."""
    store, reader = guarded
    before = contents(store)
    reader.read_only = False

    with pytest.raises(ReadOnlyStoreError, match="read-only"):
        change(reader)

    assert contents(store) == before


# ------------------------------------------------------------------------- logs and numbers


def test_each_request_is_a_line_of_the_log(caplog):
    """With keys, bytes and time."""
    caplog.set_level(logging.DEBUG, "zarrpy.stores")
    store = LoggingStore(MemoryStore())

    store.set("a", b"123")
    store.get("a")
    store.get("b")
    store.get_many(["a", "b", "c", "d"])
    list(store.list("x/"))

    lines = [record.getMessage() for record in caplog.records]
    assert [line.rpartition(" in ")[0] for line in lines] == [
        "set 'a': 3 bytes",
        "get 'a': 3 bytes",
        "get 'b': absent",
        "get_many 'a', 'b', 'c' and 1 more: 3 bytes, 3 absent",
        "list 'x/': 0 names",
    ]
    assert all(line.endswith(" ms") for line in lines)


def test_an_error_is_a_warning_of_the_log(caplog):
    """It is raised as well."""
    store = LoggingStore(MockStore(fail_on="get"), "my.stores", level=logging.INFO)

    with pytest.raises(StoreError):
        store.get("a")

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "told to fail" in caplog.text


def test_requests_are_counted_with_their_bytes():
    """By method, and all together."""
    store = MetricsStore(MockStore(fail_on="delete"))

    store.set_many(["a", "b"], [b"123", None])
    store.get_many(["a", "b"])
    store.get("a", ByteRange(1))
    with pytest.raises(StoreError):
        store.delete("a")

    metrics = store.metrics
    assert (metrics["set_many"].keys, metrics["set_many"].nbytes_written) == (2, 3)
    assert (metrics["get_many"].nbytes_read, metrics["get"].nbytes_read) == (3, 2)
    assert (metrics["delete"].errors, store.total.errors) == (1, 1)
    assert store.total.calls == 4
    store.reset()
    assert store.metrics == {}


def test_threads_are_counted_together():
    """None is lost."""
    store = MetricsStore(MemoryStore())
    threads = [
        threading.Thread(target=lambda: [store.get("a") for _ in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.metrics["get"].calls == 2000


def test_counts_tell_what_an_array_costs():
    """One request for the chunks of a window."""
    store = MetricsStore(MemoryStore())
    array = zarrpy.create_array(store, data=VALUES, chunks=(2, 5))
    store.reset()

    array[...]

    assert store.metrics["get_many"].calls == 1
    assert store.metrics["get_many"].keys == 6


@pytest.mark.parametrize("wrap", [MetricsStore, MockStore, LoggingStore, ReadOnlyStore])
def test_a_pickled_wrapper_reads_the_same(tmp_path, wrap):
    """With what is below it; counts begin anew."""
    LocalStore(tmp_path).set("a", b"1")

    again = pickle.loads(pickle.dumps(wrap(LocalStore(tmp_path))))

    assert again.get("a") == b"1"


@pytest.mark.parametrize("place", ["ocean.zarr", None, {}])
def test_what_is_no_store_is_refused_with_what_makes_one(place):
    """A path, for one."""
    with pytest.raises(TypeError, match=r"ReadOnlyStore lies over a store, not over .*as_store"):
        ReadOnlyStore(place)
