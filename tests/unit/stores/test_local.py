"""Tests of `zarrpy.stores.local`: files, and what may stand where a file should."""

import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import zarrpy
from zarrpy._native.files import Directory
from zarrpy.errors import LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores import LocalStore
from zarrpy.testing.store_contract import StoreContract


class TestLocalStore(StoreContract):
    """A local store keeps the contract of stores."""

    @pytest.fixture
    def store(self, tmp_path):
        return LocalStore(tmp_path / "store")


class TestDurableLocalStore(StoreContract):
    """So it does when every write waits for the disk."""

    nkeys = 1000

    @pytest.fixture
    def store(self, tmp_path):
        with zarrpy.config.set(durability="durable"):
            yield LocalStore(tmp_path / "store")


@pytest.fixture
def store(tmp_path):
    """A store with one key in it, so that its directory is there."""
    store = LocalStore(tmp_path / "store")
    store.set("present", b"1")
    return store


@pytest.fixture
def array(store):
    """An array of four chunks, all of them stored, in a local store."""
    return zarrpy.create_array(
        store, name="a", data=np.arange(8, dtype="i4"), chunks=2, compressors=None
    )


# ----------------------------------------------------------------------- a value is replaced whole


def test_a_failed_write_leaves_the_old_value_and_no_lock_file(store):
    """A value that cannot be encoded to the file changes nothing."""
    with pytest.raises(TypeError):
        store.set("present", object())

    assert store.get("present") == b"1"
    assert os.listdir(store.root) == ["present"]


def test_the_file_is_a_new_one(store):
    """A reader that has the old file open goes on reading the old value."""
    store.set("a", b"old value")
    with open(os.path.join(store.root, "a"), "rb") as reader:
        store.set("a", b"new")

        assert reader.read() == b"old value"


def test_the_lock_file_of_a_killed_writer_is_no_key(array):
    """It is not listed, and not read as a chunk."""
    lock = os.path.join(array.store.root, "a", "c", "1.__lock")
    with open(lock, "wb") as file:
        file.write(b"half of a chu")

    assert "a/c/1.__lock" not in list(array.store.list())
    assert array.store.list_dir("a/c/") == ["0", "1", "2", "3"]
    assert array[...].tolist() == list(range(8))


@pytest.mark.parametrize("selection", [slice(2, 4), slice(2, 3)])
def test_the_lock_file_of_a_killed_writer_is_taken_over(array, body, selection):
    """The next writer of the key uses it: nothing of the old bytes stays, nor the file."""
    folder = os.path.join(array.store.root, "a", "c")
    with open(os.path.join(folder, "1.__lock"), "wb") as file:
        file.write(b"much longer than the chunk that comes now")

    array[selection] = 9

    assert array[selection].tolist() == [9] * len(range(8)[selection])
    assert sorted(os.listdir(folder)) == ["0", "1", "2", "3"]


def test_a_writer_waits_for_the_holder_of_the_lock(array):
    """And goes on when the lock is free."""
    directory = array.store.directory("a")
    with directory.lock("c/1"):
        writer = threading.Thread(target=array.__setitem__, args=(2, 9))
        writer.start()
        writer.join(0.1)
        assert writer.is_alive()
    writer.join(10)

    assert array[2] == 9


def test_waiting_for_a_lock_ends_with_an_error(store):
    """Not even another process that hangs makes a writer wait for ever."""
    directory = store.directory("")
    with directory.lock("present"), pytest.raises(LockTimeoutError) as caught:
        directory.write("present", b"2", False, 50)

    assert caught.value.key == "present"
    assert isinstance(caught.value, TimeoutError)


def test_a_reader_does_not_wait_for_a_lock(array, body):
    """Reading goes on while somebody writes."""
    with array.store.directory("a").lock("c/1"):
        assert array[2] == 2


def test_chunks_are_written_whole_or_not_at_all_when_the_disk_is_full(array, body):
    """The error says which key and why; the old chunk stays; nothing else is left."""
    code = (
        "import os, resource, signal, sys, zarrpy\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"a = zarrpy.create_array({array.store.root!r}, name='b', shape=(2, 50_000),"
        " chunks=(1, 50_000), dtype='i4', compressors=None)\n"
        "a[...] = 1\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    a[0] = 2\n"
        "except OSError as error:\n"
        "    assert error.errno and 'c/0/0' in str(error), error\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
        "assert (a[...] == 1).all()\n"
        "files = [f for _, _, fs in os.walk(os.path.join(a.store.root, 'b')) for f in fs]\n"
        "assert sorted(files) == ['0', '0', 'zarr.json'], files\n"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env={**os.environ, "ZARRPY_DISABLE": "native" if body == "python" else ""},
    )  # fmt: skip

    assert result.returncode == 0, result.stderr


# ------------------------------------------------------------------------------------- directories


def test_the_directory_is_made_by_the_first_write(tmp_path):
    """Opening and reading make nothing."""
    store = LocalStore(tmp_path / "new" / "store")

    assert store.get("a") is None
    assert list(store.list()) == []
    assert not (tmp_path / "new").exists()
    store.set("a", b"1")
    assert (tmp_path / "new" / "store" / "a").read_bytes() == b"1"


def test_deleting_a_key_leaves_no_empty_directories(store):
    """Up to the root of the store, which stays."""
    store.set("a/b/c", b"1")

    store.delete("a/b/c")

    assert os.listdir(store.root) == ["present"]
    store.delete("present")
    assert os.path.isdir(store.root)


def test_deleting_what_is_absent_makes_nothing(store):
    """No directory and no lock file come of it."""
    store.delete("a/b/c")

    assert os.listdir(store.root) == ["present"]


def test_the_root_may_be_relative_and_the_program_may_move_on(tmp_path, monkeypatch):
    """The store stays where it was opened."""
    monkeypatch.chdir(tmp_path)
    store = LocalStore("store")
    store.set("a", b"1")

    monkeypatch.chdir("/")

    assert store.get("a") == b"1"


def test_a_read_only_store_makes_no_directory(tmp_path):
    """The refusal comes first."""
    store = LocalStore(tmp_path / "store", read_only=True)

    with pytest.raises(ReadOnlyStoreError):
        store.set("a", b"1")

    assert not (tmp_path / "store").exists()


def test_the_place_of_a_node_is_its_directory(tmp_path):
    """As people would look for it."""
    store = LocalStore(tmp_path / "store")

    assert store.place_of("a/b") == str(tmp_path / "store/a/b")
    assert store.place_of("") == str(tmp_path / "store")


def test_a_root_that_is_a_file_is_an_error(tmp_path):
    """It is neither absent nor a store."""
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file")

    with pytest.raises(StoreError, match=r"cannot open in LocalStore.*the place of a directory"):
        store.get("a")
    with pytest.raises(StoreError, match="file"):
        store.set("a", b"1")


def test_a_store_can_be_pickled(store):
    """It is its path, not its open files."""
    again = pickle.loads(pickle.dumps(store))

    assert again.root == store.root
    assert again.get("present") == b"1"


def test_stores_of_one_directory_overlap_through_links(tmp_path, store):
    """The same directory under another name is the same."""
    os.symlink(store.root, tmp_path / "link")

    assert store.overlaps("a", LocalStore(tmp_path / "link"), "a/b")
    assert not store.overlaps("a", LocalStore(tmp_path / "link"), "ab")


def test_the_repr_names_the_directory(store):
    """So people see what they have."""
    assert repr(store) == f"LocalStore({store.root!r})"


def test_nothing_stays_open(store):
    """Reading and writing a hundred times takes no more file descriptors than once.

    What was replaced is closed by another thread soon.
    """
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

    for i in range(100):
        store.set("a", b"1")
        store.get("a")
        store.get(f"absent/{i}")

    end = time.monotonic() + 60
    while before and len(os.listdir("/proc/self/fd")) > before:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_deleting_a_node_leaves_alone_what_its_links_point_to(tmp_path):
    """A link is a name: its removal is not that of the files it leads to."""
    outside = zarrpy.create_array(tmp_path / "outside", data=np.arange(4))
    group = zarrpy.create_group(tmp_path / "store")
    inner = group.create_group("inner")
    os.symlink(tmp_path / "outside", tmp_path / "store/inner/linked")
    os.symlink(tmp_path / "outside", tmp_path / "store/linked")
    assert inner["linked"][1] == 1

    del group["linked"]
    del group["inner"]

    assert list(group) == []
    assert outside[...].tolist() == [0, 1, 2, 3]


# -------------------------------------------------------------------------------------- links


def test_keys_behind_a_linked_directory_are_listed(tmp_path, store):
    """As they are read and written; a link that goes round in a circle ends the walk."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"2")
    os.symlink(tmp_path / "elsewhere", os.path.join(store.root, "linked"))
    os.symlink(store.root, os.path.join(store.root, "circle"))

    assert list(store.list()) == ["present", "linked/x"]
    assert store.get("linked/x") == b"2"


def test_directories_that_link_at_each_other_end_the_walk(tmp_path, store):
    """Each is seen once under each name that does not lead round in a circle."""
    store.set("a/x", b"1")
    store.set("b/y", b"2")
    os.symlink(os.path.join(store.root, "b"), os.path.join(store.root, "a", "to_b"))
    os.symlink(os.path.join(store.root, "a"), os.path.join(store.root, "b", "to_a"))

    assert list(store.list()) == ["present", "a/x", "a/to_b/y", "b/y", "b/to_a/x"]


def test_a_link_to_itself_is_a_key_that_cannot_be_read(tmp_path):
    """`verify` names it, and goes on."""
    array = zarrpy.create_array(tmp_path / "a", data=[1, 2, 3, 4], chunks=2)
    os.remove(tmp_path / "a/c/0")
    os.symlink("0", tmp_path / "a/c/0")

    found = zarrpy.verify(tmp_path / "a")
    assert [(each.kind, each.key) for each in found.findings] == [("unreadable", "c/0")]
    with pytest.raises(StoreError, match="c/0"):
        array[...]


@pytest.mark.skipif(os.name == "nt", reason="needs links: run on another system")
def test_a_link_to_itself_is_named_where_members_are_listed(tmp_path):
    """It may be one, for all that can be told; the others can be opened."""
    group = zarrpy.create_group(tmp_path / "g.zarr").create_group("inner")
    group.create_array("a", data=[1, 2])
    (tmp_path / "g.zarr/inner/circle").symlink_to("circle")

    for look in (list, lambda group: group.members(), lambda group: group["circle"]):
        with pytest.raises(zarrpy.StoreError, match="inner/circle"):
            look(group)
    assert group["a"][1] == 2


def test_groups_do_not_go_round_in_circles(tmp_path):
    """A link to a folder above is no member, whichever way the members are walked."""
    group = zarrpy.create_group(tmp_path / "store")
    group.create_array("inner/a", data=[1, 2])
    os.symlink(tmp_path / "store", tmp_path / "store/inner/round")
    os.symlink(tmp_path / "store/inner", tmp_path / "store/inner/self")
    os.symlink(tmp_path / "store/inner/a", tmp_path / "store/again")

    assert dict(group.members(max_depth=None)).keys() == {"again", "inner", "inner/a"}
    assert "round" not in str(group.tree())
    assert zarrpy.checksum(tmp_path / "store") == zarrpy.checksum(tmp_path / "store")
    assert not zarrpy.diff(tmp_path / "store", tmp_path / "store")
    zarrpy.consolidate_metadata(tmp_path / "store")
    assert zarrpy.verify(tmp_path / "store").ok
    assert group["inner/round/inner/a"][1] == 2


def test_deleting_waits_for_the_writer_of_a_chunk(array):
    """So what it has read before cannot come back after."""
    directory = array.store.directory("a")
    group = zarrpy.open_group(array.store)

    for delete in (lambda: group.delete("a"), lambda: array.store.delete_prefix("a/")):
        with (
            directory.lock("c/1"),
            zarrpy.config.set(lock_timeout=0.05),
            pytest.raises(LockTimeoutError, match="c/1"),
        ):
            delete()


def test_how_long_a_writer_waits_is_a_setting(array, body):
    """For parts of chunks and whole ones, documents and chunks."""
    with (
        array.store.directory("a").lock("c/1"),
        array.store.directory("a").lock("zarr.json"),
        zarrpy.config.set(lock_timeout=0.1),
    ):
        for write in (
            lambda: array.__setitem__(2, 9),
            lambda: array.__setitem__(slice(2, 4), 9),
            lambda: array.attrs.update(a=1),
        ):
            with pytest.raises(LockTimeoutError):
                write()

    array[2] = 9
    assert array[2] == 9


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals: run this on Linux or macOS")
@pytest.mark.parametrize("write", ["a[2] = 9", "a[2:4] = 9", "a.attrs['x'] = 1", "del g['a']"])
def test_waiting_for_a_lock_can_be_interrupted(array, body, write):
    """Ctrl-C is heard at once, not after a minute."""
    array.store.set("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
    code = (
        "import signal, sys, time, threading, os, zarrpy\n"
        f"g = zarrpy.open_group({array.store.root!r})\n"
        "a = g['a']\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "begin = time.monotonic()\n"
        "try:\n"
        f"    {write}\n"
        "except KeyboardInterrupt:\n"
        "    raise SystemExit(0 if time.monotonic() - begin < 20 else 'too late')\n"
        "raise SystemExit('it did not wait')\n"
    )
    directory = array.store.directory("a")

    with directory.lock("c/1"), directory.lock("zarr.json"):
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=50,
            env={**os.environ, "ZARRPY_DISABLE": "native" if body == "python" else ""},
        )  # fmt: skip

    assert result.returncode == 0, result.stderr


def test_deleting_a_prefix_removes_links_and_not_what_they_lead_to(tmp_path, store):
    """What lies elsewhere may serve others."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"2")
    store.set("a/b", b"1")
    os.symlink(tmp_path / "elsewhere", os.path.join(store.root, "a", "linked"))
    os.symlink("nowhere", os.path.join(store.root, "a", "dangling"))

    store.delete_prefix("a/")

    assert os.listdir(store.root) == ["present"]
    assert (tmp_path / "elsewhere" / "x").read_bytes() == b"2"


def test_an_update_that_deletes_loses_nothing_that_others_write(tmp_path):
    """Four threads count in one key, which goes away each time that it is full."""
    stores = [LocalStore(tmp_path) for _ in range(4)]
    taken = []

    def count(store):
        for _ in range(200):
            store.update("a/b", more)

    def more(value):
        number = int(bytes(value)) + 1 if value is not None else 1
        if number < 3:
            return str(number).encode()
        taken.append(number)
        return None

    threads = [threading.Thread(target=count, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left = stores[0].get("a/b")
    assert sum(taken) + (0 if left is None else int(bytes(left))) == 800


@pytest.mark.parametrize("place", [5, None, "a\ud800b\0", b"bytes"])
def test_a_place_that_is_none_closes_no_other_file(place):
    """Such as that of number 0, which nobody has given."""
    before = os.fstat(0)

    for _ in range(3):
        with pytest.raises((TypeError, ValueError)):
            Directory(place)
    assert os.fstat(0).st_ino == before.st_ino
