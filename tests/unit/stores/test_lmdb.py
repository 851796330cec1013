"""Tests of `zarrpy.stores.lmdb`: values are views of a file in memory."""

import gc
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import LockTimeoutError, ReadOnlyStoreError, StoreError
from zarrpy.stores import LMDBStore, PrefixStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract

lmdb = pytest.importorskip("lmdb", reason="lmdb is missing: pip install 'zarrpy[lmdb]'")


class TestLMDBStore(StoreContract):
    """An LMDB store keeps the contract of stores."""

    @pytest.fixture
    def store(self, tmp_path):
        with LMDBStore(tmp_path / "a.lmdb") as store:
            yield store


class TestPartOfLMDBFile(StoreContract):
    """So does a part of a database that is one file, beside others."""

    @pytest.fixture
    def store(self, tmp_path):
        with LMDBStore(tmp_path / "a.mdb") as store:
            store.set("other", b"1")
            yield PrefixStore(store, "a/path")


@pytest.fixture
def path(tmp_path):
    """Where a database may be."""
    return str(tmp_path / "a.lmdb")


def test_a_value_is_a_view_that_stays_as_it_was(path):
    """However it is changed, deleted, or the store closed, and not a copy."""
    store = LMDBStore(path)
    store.set("a", b"old value" * 1000)

    whole, part = store.get("a"), store.get("a", ByteRange(4, 5))
    again = np.frombuffer(store.get("a"), "u1").ctypes.data
    assert np.frombuffer(whole, "u1").ctypes.data == again
    for i in range(50):
        store.set("a", b"new %d" % i * 1000)
    store.delete("a")
    store.close()
    del store
    gc.collect()

    assert bytes(whole) == b"old value" * 1000
    assert bytes(part) == b"value"
    assert whole.readonly
    with LMDBStore(path) as store:
        assert store.get("a") is None


def test_views_that_are_let_go_of_are_no_readers(path):
    """A program may read for ever."""
    with LMDBStore(path) as store:
        store.set("a", b"1")

        for _ in range(3000):
            assert bytes(store.get("a")) == b"1"
            assert store.get("b") is None

        held = [store.get("a") for _ in range(500)]
        assert len(held) == 500


def test_a_database_of_an_older_library_is_read_and_written_as_it_is(path):
    """Keys and values as they are, in a directory."""
    with lmdb.open(path, map_size=1 << 24) as environment, environment.begin(write=True) as begun:
        begun.put(b".zgroup", b'{"zarr_format": 2}')
        begun.put(b"a/.zattrs", b"{}")

    with LMDBStore(path) as store:
        assert zarrpy.open_group(store).metadata.zarr_format == 2
        assert store.list_dir() == [".zgroup", "a"]
        store.set("b", b"4")

    with lmdb.open(path, map_size=1 << 24) as environment, environment.begin() as begun:
        assert begun.get(b"b") == b"4"


def test_reading_makes_no_file(path):
    """Neither does opening."""
    with LMDBStore(path) as store:
        assert store.get("a") is None
        assert list(store.list()) == store.list_dir() == []
        assert not os.path.exists(path)


def test_a_batch_is_one_transaction(path):
    """All of it or nothing, when a value cannot be stored."""
    with LMDBStore(path) as store:
        store.set("a", b"old")

        with pytest.raises(StoreError, match="keys of 1 to 511 bytes"):
            store.set_many(["a", "b" * 600], [b"new", b"1"])

        assert store.get("a") == b"old"


@pytest.mark.parametrize("form", ["lmdb:{}", "lmdb://{}"])
def test_urls(path, form):
    """With the path of the directory."""
    with zarrpy.create_array(form.format(path), data=[1, 2, 3]) as array:
        assert isinstance(array.store, LMDBStore)

    assert zarrpy.open(form.format(path))[...].tolist() == [1, 2, 3]
    assert as_store(form.format(path), read_only=True).read_only
    assert os.path.exists(os.path.join(path, "data.mdb"))


def test_arrays_live_in_a_database(path, body):
    """Several, by their paths; grown, changed in part, read in part."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    with zarrpy.create_group(LMDBStore(path)) as group:
        array = group.create_array("deep/a", data=values, chunks=(2, 5), shards=(4, 10))
        array[1:3, ::2] = -1
        array.append(values[:2])
        group.create_array("b", data=[1, 2, 3])
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    with zarrpy.open(LMDBStore(path, read_only=True)) as group:
        assert np.array_equal(group["deep/a"][...], values)
        assert group["b"][...].tolist() == [1, 2, 3]


WRITER = """
import sys, zarrpy
array = zarrpy.open("lmdb:" + sys.argv[1], mode="r+")
for i in range(10):
    array.append([int(sys.argv[2])] * 3)
"""


def test_processes_that_append_lose_nothing(path):
    """They wait for each other."""
    zarrpy.create_array(LMDBStore(path), shape=(0,), chunks=(8,), dtype="i4").close()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(i)]) for i in (1, 2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]

    with zarrpy.open(LMDBStore(path)) as array:
        assert sorted(array[...].tolist()) == [1] * 30 + [2] * 30


HOLDER = """
import sys
from zarrpy.stores import LMDBStore
with LMDBStore(sys.argv[1]) as store, store.exclusive("a"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_waiting_for_a_lock_ends_with_an_error(path):
    """Its holder is another process."""
    command = [sys.executable, "-c", HOLDER, path]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
        LMDBStore(path) as store,
    ):
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockTimeoutError):
            store.exclusive("a", 0.05)
        holder.stdin.close()
        assert holder.wait(30) == 0
        with store.exclusive("a", 5) as lock:
            lock.commit(b"1")
        assert store.get("a") == b"1"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write: run as another user"
)
def test_a_file_that_cannot_be_written_is_read(path):
    """A change is refused."""
    LMDBStore(path).set("a", b"1")
    for name in os.listdir(path):
        os.chmod(os.path.join(path, name), 0o444)

    with LMDBStore(path) as store:
        assert store.get("a") == b"1"
        with pytest.raises(ReadOnlyStoreError):
            store.set("a", b"2")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork, such as Linux")
def test_a_forked_child_opens_the_database_for_itself(path):
    """That of its parent is of no use to it."""
    code = """
import os, sys, warnings
warnings.simplefilter("ignore")
from zarrpy.stores import LMDBStore
store = LMDBStore(sys.argv[1])
store.set("a", b"1")
assert store.get("a") is not None
pid = os.fork()
if pid == 0:
    ok = bytes(store.get("a")) == b"1"
    store.set("b", b"2")
    store.close()
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert bytes(store.get("b")) == b"2"
"""
    assert subprocess.run([sys.executable, "-c", code, path], timeout=60).returncode == 0


def test_a_pickled_store_reads_the_same(path):
    """And shares the database that is open."""
    with LMDBStore(path) as store:
        store.set("a", b"1")

        assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_a_name_is_given_to_itself(path):
    """Nothing is lost."""
    with LMDBStore(path) as store:
        store.set("a", b"1")

        assert store.rename("a", "a")
        assert store.get("a") == b"1"
