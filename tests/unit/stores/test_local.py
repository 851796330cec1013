"""Tests of `zarrpy.stores.local`: files, and what may stand where a file should."""

import errno
import os
import pickle
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import LockTimeoutError, NodeNotFoundError, ReadOnlyStoreError, StoreError
from zarrpy.stores import LocalStore
from zarrpy.testing.store_contract import StoreContract


class TestLocalStore(StoreContract):
    """A local store keeps the contract of stores."""

    @pytest.fixture
    def store(self, tmp_path):
        return LocalStore(tmp_path / "store")


class TestDurableLocalStore(StoreContract):
    """So it does when every write waits for the disk."""

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


def replaced(array, what, *, key="c/1"):
    """Put something else than a file in the place of a chunk; return its path."""
    path = os.path.join(array.store.root, array.path, key)
    os.unlink(path)
    WRONG[what](path)
    return path


def socket_at(path):
    """Bind a socket to a path; a long path is reached through its directory."""
    with socket.socket(socket.AF_UNIX) as server:
        before = os.getcwd()
        os.chdir(os.path.dirname(path))
        try:
            server.bind(os.path.basename(path))
        finally:
            os.chdir(before)


def empty_file(path):
    """Make a file without bytes, as a crash of the machine leaves it."""
    with open(path, "wb"):
        pass


WRONG = {
    "a link to nothing": lambda path: os.symlink("nowhere", path),
    "a link to itself": lambda path: os.symlink(os.path.basename(path), path),
    "a directory": os.mkdir,
    "a pipe": os.mkfifo,
    "a socket": socket_at,
    "a device": lambda path: os.symlink("/dev/zero", path),
}


# ------------------------------------------------------------------- missing is not an error


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_file_is_an_error_and_not_the_fill_value(array, body, what):
    """Only a key that is not there is absent; the error names it, and nothing hangs."""
    replaced(array, what)

    with pytest.raises(StoreError) as caught:
        array[...]

    assert caught.value.key == "c/1"
    assert "c/1" in str(caught.value)


@pytest.mark.parametrize("what", WRONG)
def test_a_partial_write_does_not_replace_what_is_no_file(array, body, what):
    """What was not understood is not overwritten."""
    path = replaced(array, what)
    before = os.lstat(path)

    with pytest.raises(StoreError):
        array[2] = 7

    assert os.lstat(path) == before
    assert not [name for name in os.listdir(os.path.dirname(path)) if name.endswith("lock")]


@pytest.mark.parametrize("what", ["a directory", "a pipe", "a socket", "a device"])
def test_a_whole_write_does_not_replace_what_is_no_file(array, body, what):
    """A directory, a pipe or a device is not ours to remove."""
    path = replaced(array, what)
    before = os.lstat(path)

    with pytest.raises(StoreError):
        array[...] = 7

    assert os.lstat(path) == before


@pytest.mark.parametrize("what", WRONG)
def test_a_document_that_is_no_file_is_an_error(array, what):
    """An array whose metadata cannot be read is not a missing array."""
    replaced(array, what, key="zarr.json")

    with pytest.raises(StoreError) as caught:
        zarrpy.open_array(array.store, path="a")

    assert not isinstance(caught.value, NodeNotFoundError)
    assert "zarr.json" in str(caught.value)


def test_an_empty_chunk_file_is_an_error(array, body):
    """It is what a crash leaves, and never stands for the fill value."""
    path = os.path.join(array.store.root, "a", "c/1")
    empty_file(path)

    with pytest.raises(zarrpy.CorruptChunkError) as caught:
        array[...]

    assert (caught.value.chunk, caught.value.key) == ((1,), "c/1")


@pytest.mark.parametrize("compressors", ["zstd", "gzip", "blosc", "numcodecs.lz4", "auto"])
def test_an_empty_chunk_file_is_an_error_with_every_compressor(tmp_path, body, compressors):
    """No codec makes elements of no bytes."""
    array = zarrpy.create_array(
        tmp_path / "x.zarr", data=np.arange(8, dtype="i4"), chunks=4, compressors=compressors
    )
    empty_file(tmp_path / "x.zarr" / "c" / "1")

    with pytest.raises(zarrpy.CorruptChunkError, match="c/1"):
        array[...]


def test_a_file_where_the_directory_of_chunks_should_be_is_an_error(array, body):
    """ENOTDIR is not ENOENT."""
    folder = os.path.join(array.store.root, "a", "c")
    os.rename(folder, folder + "-moved")
    empty_file(folder)

    with pytest.raises(StoreError) as caught:
        array[...]

    assert caught.value.errno == errno.ENOTDIR


def test_a_link_to_nothing_on_the_way_is_an_error(array, body):
    """The chunks may be on a disk that is not mounted."""
    folder = os.path.join(array.store.root, "a", "c")
    os.rename(folder, folder + "-moved")
    os.symlink("nowhere", folder)

    with pytest.raises(StoreError):
        array[...]


def test_a_link_to_a_file_is_followed(array, body):
    """Chunks may lie elsewhere."""
    path = os.path.join(array.store.root, "a", "c/1")
    os.rename(path, path + "-moved")
    os.symlink(path + "-moved", path)

    assert array[...].tolist() == list(range(8))


def test_an_error_of_the_system_is_not_an_absent_value(array):
    """Any other error than ENOENT is an error, such as a name that is too long."""
    with pytest.raises(StoreError) as caught:
        array.store.get("a/" + "x" * 300)

    assert caught.value.errno == errno.ENAMETOOLONG


@pytest.mark.skipif(
    not hasattr(os, "seteuid") or os.geteuid() != 0,
    reason="needs root, to become a user without permission: run as root",
)
def test_a_chunk_without_permission_is_an_error(array):
    """EACCES is not ENOENT: a user without rights does not get the fill value."""
    root = array.store.root
    os.chmod(os.path.join(root, "a", "c/1"), 0)
    code = (
        "import os, sys, zarrpy\n"
        f"a = zarrpy.open_array({root!r}, path='a', mode='r')\n"
        "a[0:2]\n"
        "try:\n"
        "    a[2]\n"
        "except OSError as error:\n"
        "    raise SystemExit(f'refused {error.errno}' if 'c/1' in str(error) else 'unclear')\n"
        "raise SystemExit('it was read')\n"
    )

    result = as_nobody(code, root)

    assert result.stderr.strip().splitlines()[-1] == f"refused {errno.EACCES}"


def as_nobody(code, root):
    """Run Python code as a user who owns nothing; the directories on the way are opened to him."""
    opened = []
    folder = root
    while folder != "/":
        opened.append((folder, os.stat(folder).st_mode & 0o7777))
        folder = os.path.dirname(folder)
    for folder, mode in opened:
        os.chmod(folder, mode | 0o055)
    setup = "import os, sys, numpy, zarrpy, zarrpy.api, zarrpy.codecs.blosc\nos.seteuid(65534)\n"
    try:
        return subprocess.run(
            [sys.executable, "-c", setup + code], capture_output=True, text=True, timeout=60
        )
    finally:
        for folder, mode in opened:
            os.chmod(folder, mode)


def test_a_vanished_array_is_an_error(array, body):
    """Reading an array whose directory is gone does not give the fill value."""
    os.rename(os.path.join(array.store.root, "a"), os.path.join(array.store.root, "b"))

    with pytest.raises(NodeNotFoundError) as caught:
        array[...]

    assert "went away" in str(caught.value)


def test_a_vanished_store_is_an_error(array, body):
    """So it is when the whole store is gone, as an unmounted disk is."""
    os.rename(array.store.root, array.store.root + "-moved")

    with pytest.raises(NodeNotFoundError):
        array[...]


@pytest.mark.parametrize("selection", [slice(None), slice(3, 4)])
def test_writing_to_a_vanished_array_is_an_error(array, body, selection):
    """Chunks without an array would help nobody; nothing is made in its place."""
    os.rename(array.store.root, array.store.root + "-moved")

    with pytest.raises(NodeNotFoundError):
        array[selection] = 1

    assert not os.path.exists(array.store.root)


def test_a_chunk_that_was_removed_reads_as_the_fill_value(array, body):
    """While the array is there, an absent chunk is what the format says it is."""
    os.unlink(os.path.join(array.store.root, "a", "c/1"))

    assert array[...].tolist() == [0, 1, 0, 0, 4, 5, 6, 7]


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


# ------------------------------------------------------------------------------ directories


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


def test_a_root_that_is_a_file_is_an_error(tmp_path):
    """It is neither absent nor a store."""
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file")

    with pytest.raises(StoreError, match="file"):
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
    """Reading and writing a hundred times takes no more file descriptors than once."""
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

    for i in range(100):
        store.set("a", b"1")
        store.get("a")
        store.get(f"absent/{i}")

    after = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    assert after <= before
