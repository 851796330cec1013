"""Tests of `zarrpy.engine.between`: values that go from files to files."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.between import Between, ends
from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Bring
from zarrpy.errors import LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores import LocalStore, LoggingStore, MemoryStore, PrefixStore, ReadOnlyStore

LAYOUTS = {
    "chunks": {"chunks": (70, 50)},
    "one byte": {"chunks": (70, 50), "compressors": None, "dtype": "i1"},
    "shards": {"chunks": (70, 50), "shards": (140, 100)},
    "version 2": {"chunks": (70, 50), "zarr_format": 2},
    "large": {"chunks": (400, 500), "compressors": None},
}


def tree(store, layout):
    """A group with an array below a group, of which one chunk is not stored."""
    group = zarrpy.create_group(store, attributes={"a": 1}, zarr_format=layout.get("zarr_format"))
    keywords = {"dtype": "f8", **layout}
    keywords.pop("zarr_format", None)
    array = group.create_array("b/values", shape=(803, 507), fill_value=0, **keywords)
    array[...] = np.arange(803 * 507).reshape(array.shape) % 100
    array[:70, :50] = 0
    return group


def bring(source, target, *pairs):
    """Ask for values of another store."""

    def steps():
        return (yield Bring(source, pairs))

    return drive(target, steps())


def files(root, **values):
    """A store of these values."""
    store = LocalStore(root)
    for key, value in values.items():
        store.set(key, value)
    return store


@pytest.fixture
def unread(monkeypatch):
    """See to it that no chunk passes through memory."""
    read = LocalStore.get_many

    def watched(self, keys):
        assert not [key for key in keys if "/c/" in key]
        return read(self, keys)

    monkeypatch.setattr(LocalStore, "get_many", watched)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_ways_store_the_same(tmp_path, contents, layout):
    """From file to file, and through memory."""
    source = LocalStore(tmp_path / "a")
    tree(source, LAYOUTS[layout])

    for name, disable in (("fast", []), ("slow", ["copy"])):
        with zarrpy.config.set(disable=disable):
            zarrpy.copy(source, tmp_path / name)

    expected = contents(source)
    assert contents(LocalStore(tmp_path / "fast")) == expected
    assert contents(LocalStore(tmp_path / "slow")) == expected


@pytest.mark.usefixtures("unread")
def test_chunks_of_files_never_come_into_memory(tmp_path):
    """Whatever copies them: into a store, into a group, below a path, as a whole store."""
    group = tree(LocalStore(tmp_path / "a"), LAYOUTS["chunks"])
    expected = group["b/values"][...]

    zarrpy.copy(group, tmp_path / "b")
    zarrpy.copy(group["b/values"], zarrpy.create_group(tmp_path / "c"))
    zarrpy.copy(group, PrefixStore(LocalStore(tmp_path / "d"), "e/f"))
    zarrpy.pack(tmp_path / "a", tmp_path / "e")
    zarrpy.create_hierarchy(tmp_path / "f", {"x/values": group["b/values"]})
    group.copy("b", "new")
    zarrpy.copy(group, tmp_path / "g", journal=tmp_path / "journal")
    zarrpy.move(tmp_path / "b", tmp_path / "h")
    zarrpy.copy_store(tmp_path / "a", tmp_path / "i")

    for place in ("c", "d/e/f/b", "e/b", "f/x", "a/new", "g/b", "h/b", "i/b"):
        place = f"{place}/values"
        np.testing.assert_array_equal(zarrpy.open_array(tmp_path / place)[...], expected)


def test_a_file_system_that_cannot_copy_is_no_hindrance(tmp_path, contents):
    """Between disks of two kinds bytes are read and written."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or not os.access(shared, os.W_OK):
        pytest.skip("there is no file system in memory at /dev/shm: mount one")
    source = LocalStore(tmp_path / "a")
    tree(source, LAYOUTS["large"])
    place = shared / f"zarrpy-{os.getpid()}-{tmp_path.name}"
    try:
        zarrpy.copy(source, place)
        assert contents(LocalStore(place)) == contents(source)
    finally:
        zarrpy.delete(place)


@pytest.mark.parametrize("nbytes", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20])
def test_every_byte_arrives(tmp_path, nbytes):
    """Of files of every size; the answer tells it."""
    value = os.urandom(nbytes)
    source = files(tmp_path / "a", k=value)
    target = LocalStore(tmp_path / "b")

    assert bring(source, target, ("k", "x/y")) == [nbytes]
    assert target.get("x/y") == value
    assert os.listdir(tmp_path / "b" / "x") == ["y"]


def test_what_is_not_there_is_not_stored(tmp_path):
    """Nor does a lock stay."""
    source = files(tmp_path / "a", k=b"1")
    target = LocalStore(tmp_path / "b")

    assert bring(source, target, ("none", "x"), ("k", "y")) == [None, 1]
    assert os.listdir(tmp_path / "b") == ["y"]


def test_a_value_is_replaced_whole(tmp_path):
    """A shorter one as well; who has opened the old file goes on to read that."""
    source = files(tmp_path / "a", k=b"new")
    target = files(tmp_path / "b", k=b"something older")
    with open(tmp_path / "b" / "k", "rb") as before:
        bring(source, target, ("k", "k"))
        assert before.read() == b"something older"

    assert target.get("k") == b"new"


def test_stores_of_another_kind_say_that_they_are_not_made_of_files(tmp_path):
    """So they are asked for values, and wrappers see all of them."""
    source = files(tmp_path / "a", k=b"1")
    logged = LoggingStore(LocalStore(tmp_path / "b"))

    assert bring(source, MemoryStore(), ("k", "k")) is None
    assert bring(MemoryStore(), LocalStore(tmp_path / "c"), ("k", "k")) is None
    assert bring(source, logged, ("k", "k")) is None
    assert bring(source, MemoryStore()) == []
    with zarrpy.config.set(disable=["copy"]):
        assert bring(source, LocalStore(tmp_path / "d"), ("k", "k")) is None


def test_an_error_of_reading_is_one_of_the_source(tmp_path):
    """What cannot be read is named, and nothing of the copy stays."""
    source = LocalStore(tmp_path / "a")
    zarrpy.create_array(source, data=np.arange(40), chunks=4)
    (tmp_path / "a" / "c" / "3").unlink()
    os.mkfifo(tmp_path / "a" / "c" / "3")

    with pytest.raises(StoreError) as caught:
        zarrpy.copy(source, tmp_path / "b")

    assert (caught.value.key, caught.value.operation) == ("c/3", "get")
    assert caught.value.store == repr(source)
    assert not (tmp_path / "b").exists() or os.listdir(tmp_path / "b") == []


def test_an_error_of_writing_is_one_of_the_target(tmp_path):
    """A directory in the place of a file is nothing to replace."""
    source = files(tmp_path / "a", k=b"1")
    target = LocalStore(tmp_path / "b")
    (tmp_path / "b" / "k").mkdir(parents=True)

    with pytest.raises(StoreError) as caught:
        bring(source, target, ("k", "k"))

    assert (caught.value.key, caught.value.operation) == ("k", "set")
    assert caught.value.store == repr(target)
    assert os.listdir(tmp_path / "b") == ["k"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full: run on Linux")
def test_a_link_to_a_device_is_neither_read_nor_replaced(tmp_path):
    """As of all other reading and writing."""
    source = files(tmp_path / "a", k=b"1")
    target = LocalStore(tmp_path / "b")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "k").symlink_to("/dev/full")

    with pytest.raises(StoreError) as caught:
        bring(source, target, ("k", "k"))
    assert caught.value.errno != errno.ENOSPC
    with pytest.raises(StoreError):
        bring(target, source, ("k", "k"))
    assert source.get("k") == b"1"


def test_a_store_for_reading_is_not_written(tmp_path):
    """By whichever way it says so."""
    source = files(tmp_path / "a", k=b"1")
    target = files(tmp_path / "b", k=b"2")

    for store in (LocalStore(tmp_path / "b", read_only=True), ReadOnlyStore(target)):
        with pytest.raises(ReadOnlyStoreError):
            bring(source, store, ("k", "k"))
    assert target.get("k") == b"2"


def test_other_writers_are_waited_for(tmp_path):
    """One who holds the lock of a key for longer than that is an error."""
    source = files(tmp_path / "a", k=b"1")
    target = files(tmp_path / "b", k=b"2")

    with (
        target.exclusive("k"),
        zarrpy.config.set(lock_timeout=0.01),
        pytest.raises(LockTimeoutError, match="k"),
    ):
        bring(source, target, ("k", "k"))

    assert target.get("k") == b"2"
    assert bring(source, target, ("k", "k")) == [1]


def test_who_is_told_to_stop_stops(tmp_path):
    """Before the next file; what was copied is whole."""
    source = files(tmp_path / "a", k=b"1", j=b"2")
    target = LocalStore(tmp_path / "b")
    directories = ends(source, target)
    assert directories is not None
    batch = Between(source, target, directories, [("k", "k"), ("j", "j")])

    batch.cancel()
    batch.run()

    assert batch.sizes == [None, None]
    assert list(target.list()) == []


def test_threads_share_the_files(tmp_path):
    """Each is copied once."""
    values = {f"k{i}": os.urandom(i) for i in range(50)}
    source, target = files(tmp_path / "a", **values), LocalStore(tmp_path / "b")
    directories = ends(source, target)
    assert directories is not None
    batch = Between(source, target, directories, [(key, key) for key in values])

    threads = [threading.Thread(target=batch.run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch.check()

    assert batch.sizes == list(range(50))
    assert {key: target.get(key) for key in target.list()} == values


def test_a_copy_that_lasts_is_as_well_a_copy(tmp_path, contents):
    """With its names on the disk."""
    source = LocalStore(tmp_path / "a")
    tree(source, LAYOUTS["shards"])

    with zarrpy.config.set(durability="durable"):
        zarrpy.copy(source, tmp_path / "b")

    assert contents(LocalStore(tmp_path / "b")) == contents(source)


def test_a_profile_counts_what_went_by(tmp_path):
    """Bytes that were never in memory were read and written all the same."""
    source = files(tmp_path / "a", k=b"12345", j=b"1")

    with zarrpy.profile() as profile:
        bring(source, LocalStore(tmp_path / "b"), ("k", "k"), ("j", "j"), ("none", "none"))

    counts = profile.total
    assert (counts.gets, counts.sets) == (3, 2)
    assert (counts.bytes_read, counts.bytes_written) == (6, 6)


def test_a_transaction_keeps_a_copy_to_itself(tmp_path):
    """Until it ends."""
    group = tree(LocalStore(tmp_path / "a"), LAYOUTS["chunks"])
    target = zarrpy.create_group(tmp_path / "b")

    with zarrpy.transaction(target) as within:
        zarrpy.copy(group["b"], within)
        assert not (tmp_path / "b" / "b").exists()

    found = zarrpy.open_array(tmp_path / "b" / "b" / "values")
    np.testing.assert_array_equal(found[...], group["b/values"][...])
