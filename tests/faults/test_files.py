"""What may stand where a file should be: an error each, and never the fill value."""

import errno
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import NodeNotFoundError, StoreError
from zarrpy.stores import LocalStore


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
    before = os.lstat(path)[:7]  # without the time of the last access

    with pytest.raises(StoreError):
        array[...] = 7

    assert os.lstat(path)[:7] == before


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
        f"a = zarrpy.open_array({root!r}, path='a', mode='r')\n"
        "a[0:2]\n"
        "try:\n"
        "    a[2]\n"
        "except OSError as error:\n"
        "    print(f'refused {error.errno}' if 'c/1' in str(error) else 'unclear')\n"
        "else:\n"
        "    print('it was read')\n"
    )

    result = as_nobody(code, root)

    assert result.stdout.strip() == f"refused {errno.EACCES}", result.stderr


@pytest.mark.skipif(
    not hasattr(os, "seteuid") or os.geteuid() != 0,
    reason="needs root, to become a user without permission: run as root",
)
def test_files_that_may_not_be_written_are_read_only(array):
    """Every change says so and names the key; reading goes on."""
    root = array.store.root
    code = (
        f"a = zarrpy.open_array({root!r}, path='a')\n"
        "for change in (lambda: a.__setitem__(0, 5), lambda: a.attrs.update(x=1)):\n"
        "    try:\n"
        "        change()\n"
        "    except PermissionError as error:\n"
        "        print(type(error).__name__, error.key)\n"
        "print(a[0])\n"
    )
    before = array[0]

    result = as_nobody(code, root)

    lines = result.stdout.splitlines()
    assert lines[:1] == ["ReadOnlyStoreError c/0"], result.stderr
    assert lines[1:] == ["ReadOnlyStoreError a/zarr.json", str(before)]


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
