"""Tests of `zarrpy.stores.zip`: one file, which any program for zip files reads and writes."""

import errno
import os
import pickle
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest
from zip_contents import read, written

import zarrpy
from zarrpy.errors import LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores import PrefixStore, ZipStore
from zarrpy.testing.store_contract import StoreContract


class TestZipStore(StoreContract):
    """A zip store keeps the contract of stores."""

    @pytest.fixture
    def store(self, tmp_path):
        return ZipStore(tmp_path / "store.zip")


class TestDeflatedZipStore(StoreContract):
    """So it does when its entries are compressed."""

    @pytest.fixture
    def store(self, tmp_path):
        return ZipStore(tmp_path / "store.zip", compression="deflated")


class TestReopenedZipStore(StoreContract):
    """So it does when the file has been read back each time."""

    @pytest.fixture
    def store(self, tmp_path):
        class Reopened(ZipStore):
            def set_many(self, keys, values):
                super().set_many(keys, values)
                self.close()

        return Reopened(tmp_path / "store.zip")


class TestPartOfZipStore(StoreContract):
    """So does what lies below a path in it."""

    @pytest.fixture
    def store(self, tmp_path):
        return PrefixStore(ZipStore(tmp_path / "store.zip"), "a/path")


@pytest.fixture
def path(tmp_path):
    """Where a zip file may be."""
    return str(tmp_path / "a.zip")


# ----------------------------------------------------------------------------- one entry a key


def test_a_key_that_is_set_again_has_one_entry(path):
    """Nor are the bytes of the old value left in the file."""
    with ZipStore(path) as store:
        for i in range(5):
            store.set("a", b"value %d" % i)
            store.set("b", b"other")

    assert read(path) == {"a": b"value 4", "b": b"other"}
    with open(path, "rb") as file:
        assert file.read().count(b"PK\3\4") == 2


def test_deleted_keys_are_gone_from_the_file(path):
    """After closing not even their bytes are left."""
    written(path, a=b"secret", b=b"other")

    with ZipStore(path) as store:
        store.delete("a")

    assert read(path) == {"b": b"other"}
    with open(path, "rb") as file:
        assert b"secret" not in file.read()


def test_appending_keeps_what_is_there(path):
    """Any number of times, with names of all scripts."""
    for i in range(4):
        with ZipStore(path) as store:
            store.set(f"grüße/{i}", b"%d" % i)

    assert read(path) == {f"grüße/{i}": b"%d" % i for i in range(4)}


def test_only_much_that_is_left_over_is_worth_writing_a_large_file_anew(path, monkeypatch):
    """Otherwise closing would copy gigabytes for one attribute; `compact` does so when asked."""
    monkeypatch.setattr("zarrpy.stores.zip_archive._SMALL", 1000)
    written(path, a=bytes(5000), b=b"old")
    inode = os.stat(path).st_ino
    store = ZipStore(path)

    store.set("b", b"new")
    store.close()
    assert os.stat(path).st_ino == inode
    assert read(path) == {"a": bytes(5000), "b": b"new"}

    store.compact()
    assert os.stat(path).st_ino != inode
    assert read(path) == {"a": bytes(5000), "b": b"new"}
    with open(path, "rb") as file:
        assert b"old" not in file.read()


def test_the_rights_of_a_file_stay(path):
    """Writing anew is not sharing anew."""
    written(path, a=b"1")
    os.chmod(path, 0o640)

    with ZipStore(path) as store:
        store.set("a", b"2")

    assert os.stat(path).st_mode & 0o777 == 0o640


def test_a_comment_and_folders_stay(path):
    """Other programs put them there."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/a", b"1", zipfile.ZIP_DEFLATED)
        archive.comment = b"by somebody"

    with ZipStore(path) as store:
        assert list(store.list()) == ["folder/a"]
        store.set("b", b"2")
        store.set("b", b"3")

    assert read(path) == {"folder/": b"", "folder/a": b"1", "b": b"3"}
    with zipfile.ZipFile(path) as archive:
        assert archive.comment == b"by somebody"
        assert archive.getinfo("folder/a").compress_type == zipfile.ZIP_DEFLATED


# --------------------------------------------------------------------------------------- modes


def test_modes(path):
    """As the functions that open have them."""
    for mode in ("r", "r+"):
        with pytest.raises(StoreError, match="no such file"):
            ZipStore(path, mode)
    ZipStore(path)
    assert not os.path.exists(path)

    with ZipStore(path, "w-") as store:
        store.set("a", b"1")
    with pytest.raises(StoreError, match="already"):
        ZipStore(path, "w-")
    with ZipStore(path, "r") as store, pytest.raises(ReadOnlyStoreError):
        store.set("a", b"2")
    with ZipStore(path, "r+") as store:
        store.set("b", b"2")
    assert read(path) == {"a": b"1", "b": b"2"}
    with ZipStore(path, "w") as store:
        store.set("c", b"3")
    assert read(path) == {"c": b"3"}
    with pytest.raises(ValueError, match="mode"):
        ZipStore(path, "x")


def test_a_new_archive_takes_the_place_of_the_old_when_it_is_closed(path):
    """Until then other programs have the old one."""
    written(path, a=b"1")

    store = ZipStore(path, "w")
    store.set("b", b"2")
    assert (store.get("a"), bytes(store.get("b"))) == (None, b"2")
    assert read(path) == {"a": b"1"}
    store.set("b", b"3")
    store.close()

    assert read(path) == {"b": b"3"}
    assert os.listdir(os.path.dirname(path)) == ["a.zip"]


def test_an_archive_without_entries_is_one(path):
    """Other programs open it."""
    ZipStore(path, "w").close()

    assert read(path) == {}


def test_what_is_no_zip_file_is_not_touched(path):
    """Neither read as one nor appended to."""
    with open(path, "wb") as file:
        file.write(b"a letter to a friend" * 10)

    for touch in (lambda: ZipStore(path, "r"), lambda: ZipStore(path).set("a", b"1")):
        with pytest.raises(StoreError, match="no zip archive"):
            touch()

    with open(path, "rb") as file:
        assert file.read() == b"a letter to a friend" * 10


def test_what_is_forgotten_is_written_at_the_end_of_the_program(path):
    """Nobody has to close what is opened."""
    code = f"import zarrpy; zarrpy.create_array({path!r}, data=[1, 2], name='a')"

    subprocess.run([sys.executable, "-c", code], check=True)

    assert sorted(read(path)) == ["a/c/0", "a/zarr.json", "zarr.json"]


def test_a_store_that_nobody_has_any_more_is_written(path):
    """At once."""
    ZipStore(path).set("a", b"1")

    assert read(path) == {"a": b"1"}


# --------------------------------------------------------------------------- several at a time


def test_stores_of_one_path_are_of_one_file(path):
    """What is written by one is read by the other at once, and their locks are the same."""
    one, two = ZipStore(path), ZipStore(os.path.join(os.path.dirname(path), ".", "a.zip"))

    one.set("a", b"1")
    two.set("b", b"2")

    assert bytes(two.get("a")) == b"1"
    assert sorted(one.list()) == ["a", "b"]
    assert one.lock_scope == two.lock_scope
    assert one.overlaps("x", PrefixStore(two, "x/y"), "")


def test_a_reader_goes_on_while_the_file_is_written_anew(path):
    """Of the old file or of the new one, never of a mixture."""
    values = {f"k{i}": bytes([i]) * 5000 for i in range(20)}
    store = ZipStore(path)
    store.set_many(list(values), list(values.values()))
    wrong = []
    done = threading.Event()

    def look():
        while not done.is_set():
            wrong.extend(key for key, value in values.items() if store.get(key) != value)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(20):
        store.set("first", b"another" * i)
        store.compact()
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []


def test_threads_write_entries_of_one_file(path):
    """Each value whole, none lost."""
    store = ZipStore(path)

    def work(number):
        for i in range(50):
            store.set(f"{number}/{i}", b"%d" % i * 100)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()

    assert read(path) == {f"{n}/{i}": b"%d" % i * 100 for n in range(6) for i in range(50)}


HOLDER = """
import sys
from zarrpy import ZipStore
store = ZipStore(sys.argv[1])
store.set("theirs", b"1")
print("written", flush=True)
sys.stdin.readline()
store.close()
print("closed", flush=True)
sys.stdin.readline()
"""


def test_one_process_writes_at_a_time(path):
    """Another waits until it has closed the file, reads meanwhile, and then finds all there is."""
    written(path, a=b"1")
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        other.stdout.readline()
        with pytest.warns(UserWarning, match="somebody writes to it"):
            store = ZipStore(path, "r+")
        assert bytes(store.get("theirs")) == b"1"
        with zarrpy.config.set(lock_timeout=0.05), pytest.raises(LockTimeoutError, match=r"a\.zip"):
            store.set("ours", b"2")
        other.stdin.write(b"\n")
        other.stdin.flush()
        other.stdout.readline()
        store.set("ours", b"2")
        store.close()
        other.stdin.write(b"\n")
        other.stdin.flush()

    assert read(path) == {"a": b"1", "theirs": b"1", "ours": b"2"}


def test_a_child_that_is_forked_reads_but_does_not_write(path):
    """Its parent has the file; neither harms the other's."""
    store = ZipStore(path)
    store.set("a", b"1")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert bytes(store.get("a")) == b"1"
            with pytest.raises(StoreError, match="forked"):
                store.set("b", b"2")
            code = 0
        finally:
            os._exit(code)

    assert os.waitpid(child, 0)[1] == 0
    store.set("c", b"3")
    store.close()
    assert read(path) == {"a": b"1", "c": b"3"}


def test_a_pickled_store_reads_the_same(path):
    """What was written is in the file before; `w` would begin anew."""
    store = ZipStore(path, "w")
    store.set("a", b"1")

    copy = pickle.loads(pickle.dumps(store))

    assert (bytes(copy.get("a")), copy.mode) == (b"1", "r+")
    assert pickle.loads(pickle.dumps(ZipStore(path, "r"))).read_only


# --------------------------------------------------------------------------------------- zip64


def test_more_entries_than_sixteen_bits_count(path):
    """Their number is in the larger record."""
    keys = [f"c/{i}" for i in range(70_000)]

    with ZipStore(path) as store:
        store.set_many(keys, [b"%d" % i for i in range(len(keys))])

    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == keys
        assert archive.read("c/69999") == b"69999"
    store = ZipStore(path, "r")
    assert bytes(store.get("c/69999")) == b"69999"
    assert len(store.list_dir("c/")) == 70_000


def test_entries_beyond_four_gigabytes(path):
    """In a file that is mostly a hole; what is before an archive does not disturb."""
    with open(path, "wb") as file:
        file.truncate(5 << 30)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a", b"1")

    store = ZipStore(path, "r+")
    store.set("b", b"2")
    store.flush()

    with zipfile.ZipFile(path) as archive:
        assert [archive.read(name) for name in ("a", "b")] == [b"1", b"2"]
        assert archive.getinfo("b").header_offset > 5 << 30
    assert [bytes(store.get(key)) for key in ("a", "b")] == [b"1", b"2"]


# ---------------------------------------------------------------------------------- whole arrays


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_arrays_and_groups_live_in_a_zip_file(path, zarr_format, body):
    """Written in parts, read in parts, grown, described and copied."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    with zarrpy.create_group(path, zarr_format=zarr_format) as group:
        array = group.create_array("deep/a", data=values, chunks=(4, 3))
        array[1:3, ::2] = -1
        array.append(values[:2])
        array.attrs["units"] = "m"
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    array = zarrpy.open(path, mode="r")["deep/a"]

    assert np.array_equal(array[...], values)
    assert np.array_equal(array[5, ::-1], values[5, ::-1])
    assert dict(array.attrs) == {"units": "m"}
    assert len(read(path)) == len(set(read(path)))
    assert zarrpy.open(f"{path}|zip:deep")["a"].shape == (8, 10)


def test_of_a_shard_only_what_is_wanted_is_read(path, monkeypatch):
    """Its index and the chunk: ranges of one entry."""
    values = np.random.default_rng(1).integers(0, 1 << 30, (256, 256), "i4")
    with zarrpy.create_group(path) as group:
        group.create_array("a", data=values, chunks=(16, 16), shards=(256, 256))
    nread = []
    monkeypatch.setattr(
        "zarrpy.stores.zip_archive.File.read",
        lambda file, offset, nbytes: nread.append(nbytes) or os.pread(file.number, nbytes, offset),
    )

    found = zarrpy.open(path, path="a")[20, 20]

    assert found == values[20, 20]
    assert sum(nread) < os.path.getsize(path) / 4


def test_a_system_that_writes_little_at_once_is_asked_again(path, monkeypatch):
    """As it does with more than two gigabytes."""
    written_by_system = os.pwritev

    def pwritev(number, buffers, offset):
        return written_by_system(number, [b"".join(buffers)[:37]], offset)

    monkeypatch.setattr("os.pwritev", pwritev)
    values = {f"k{i}": b"%d" % i * 20 for i in range(9)}

    written(path, **values)

    assert read(path) == values


def test_a_full_disk_leaves_the_old_value(path, monkeypatch):
    """The error names the key, and the file stays one."""
    written(path, a=b"old")
    store = ZipStore(path)

    def pwritev(number, buffers, offset):
        os.pwrite(number, b"PK\3\4 a part", offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.pwritev", pwritev)
        with pytest.raises(StoreError, match="No space") as caught:
            store.set("a", b"new")
    assert (caught.value.key, caught.value.errno) == ("a", errno.ENOSPC)
    assert bytes(store.get("a")) == b"old"
    store.set("b", b"1")
    store.close()

    assert read(path) == {"a": b"old", "b": b"1"}
