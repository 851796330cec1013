"""Tests of `zarrpy.stores.shared_memory`: memory that processes share by a name."""

import os
import pickle
import subprocess
import sys
import uuid

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import SharedMemoryStore, as_store
from zarrpy.testing.store_contract import StoreContract


class TestSharedMemoryStore(StoreContract):
    """Shared memory keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return SharedMemoryStore()


@pytest.fixture
def name():
    """A name whose values go with the test."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    SharedMemoryStore(name).unlink()


def test_processes_find_values_by_their_name(name):
    """And write parts of the same array."""
    array = zarrpy.create_array(f"shm:{name}", data=np.zeros(20, "i4"), chunks=10)
    code = f"import zarrpy; zarrpy.open('shm:{name}', mode='r+')[3:7] = 5"
    subprocess.run([sys.executable, "-c", code], check=True)
    array[15:] = 1

    assert array[...].tolist() == [0] * 3 + [5] * 4 + [0] * 8 + [1] * 5
    assert name in SharedMemoryStore.names()


def test_values_of_a_name_stay_until_it_is_unlinked(name):
    """Not only as long as a store."""
    SharedMemoryStore(name).set("a", b"1")

    store = as_store(f"shm://{name}")
    assert store.get("a") == b"1"
    store.unlink()
    assert store.get("a") is None
    assert name not in SharedMemoryStore.names()


def test_values_without_a_name_go_with_their_store():
    """Not with one that was pickled, which finds the same values."""
    store = SharedMemoryStore()
    store.set("a", b"1")
    root = store.root

    again = pickle.loads(pickle.dumps(store))
    assert again.get("a") == b"1"
    del again
    assert os.path.isdir(root)
    del store
    assert not os.path.exists(root)


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs Linux, for /dev/shm")
def test_the_directory_is_one_in_memory(name):
    """That only this user may enter, and the engine reads and writes its files."""
    store = SharedMemoryStore(name)
    store.set("a", b"1")

    assert store.root.startswith("/dev/shm/")
    assert os.stat(os.path.dirname(store.root)).st_mode & 0o077 == 0
    assert store.directory("") is not None


@pytest.mark.parametrize("wrong", ["", "a/b", "..", ".", "a b", "ä"])
def test_what_cannot_be_a_name_is_refused(wrong):
    """It would lead elsewhere."""
    with pytest.raises(ValueError, match="no name"):
        SharedMemoryStore(wrong)
