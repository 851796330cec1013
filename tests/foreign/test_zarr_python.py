"""Stores of zarr-python as stores of ours: the contract, and what they are resolved to."""

import http.server
import pickle
import threading
import uuid

import fsspec
import h5py
import icechunk
import numpy as np
import obstore
import pytest
import zarr
import zarr.storage
from obspec_utils.registry import ObjectStoreRegistry
from virtualizarr.parsers import HDFParser

import zarrpy
from zarrpy.errors import ReadOnlyStoreError, StoreError
from zarrpy.stores import LocalStore, ObjectStore, PrefixStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.stores.zarr_python import ZarrPythonStore
from zarrpy.testing.store_contract import StoreContract

FIELD = np.arange(64 * 48, dtype="float32").reshape(64, 48)


class Contract(StoreContract):
    """What all of them share."""

    nkeys = 300

    @pytest.fixture
    def another(self, store):
        return ZarrPythonStore(store.store)


class TestMemory(Contract):
    @pytest.fixture
    def store(self):
        return ZarrPythonStore(zarr.storage.MemoryStore())


class TestLocal(Contract):
    @pytest.fixture
    def store(self, tmp_path):
        return ZarrPythonStore(zarr.storage.LocalStore(tmp_path / "data"))

    test_a_node_is_replaced = None  # folders stay where values were


class TestObstoreMemory(Contract):
    @pytest.fixture
    def store(self):
        return ZarrPythonStore(zarr.storage.ObjectStore(obstore.store.MemoryStore()))


class TestObstoreLocal(Contract):
    @pytest.fixture
    def store(self, tmp_path):
        local = obstore.store.LocalStore(tmp_path)
        return ZarrPythonStore(zarr.storage.ObjectStore(local))

    # folders stay where values were, and asking for what is below a file is an error
    test_a_node_is_replaced = None
    test_consolidated_metadata_are_used_and_kept_true = None
    test_every_key_with_the_prefix_is_listed_once = None


class TestFsspec(Contract):
    @pytest.fixture
    def store(self):
        url = f"memory://{uuid.uuid4().hex}/data"
        yield ZarrPythonStore(zarr.storage.FsspecStore.from_url(url))
        fsspec.filesystem("memory").store.clear()


class TestWrapped(Contract):
    """A store of theirs around another one."""

    @pytest.fixture
    def store(self):
        return ZarrPythonStore(zarr.storage.WrapperStore(zarr.storage.MemoryStore()))


def test_a_store_is_taken_wherever_one_is():
    """Both libraries see what the other one has written, in shards too."""
    theirs = zarr.storage.MemoryStore()
    root = zarrpy.create_group(theirs, attributes={"title": "ours"})
    root.create_array("ours", data=FIELD, chunks=(8, 8), shards=(32, 24))
    zarr.create_array(theirs, name="theirs", data=FIELD, chunks=(8, 8), shards=(32, 24))

    assert (zarr.open_array(theirs, path="ours")[...] == FIELD).all()
    array = zarrpy.open(theirs, path="theirs", mode="r")
    assert (array[3:40, 7:9] == FIELD[3:40, 7:9]).all()
    assert sorted(zarrpy.open_group(theirs)) == ["ours", "theirs"]


def test_what_we_have_ourselves_is_used(tmp_path):
    """Files and buckets need nobody in between."""
    local = zarr.storage.LocalStore(tmp_path / "a")
    memory = obstore.store.MemoryStore()

    assert type(as_store(local)) is LocalStore
    assert type(as_store(zarr.storage.ObjectStore(memory))) is ObjectStore
    assert type(as_store(memory)) is ObjectStore
    assert type(as_store(obstore.store.LocalStore(tmp_path))) is LocalStore
    zarrpy.create_array(local, data=[1, 2])
    assert zarr.open_array(local)[...].tolist() == [1, 2]


def test_what_a_store_refuses_is_refused(tmp_path):
    """A read-only one is read; one that cannot delete says so, and its owner closes it."""
    theirs = zarr.storage.MemoryStore()
    zarrpy.create_array(theirs, data=[1, 2])
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.open_array(theirs.with_read_only(True), mode="r+")[0] = 5

    archive = zarr.storage.ZipStore(tmp_path / "a.zip", mode="w")
    with zarrpy.create_array(archive, data=FIELD, chunks=(16, 16)) as array:
        assert (array[:20] == FIELD[:20]).all()
        with pytest.raises(StoreError, match="deletes nothing"):
            array.store.delete("zarr.json")
        array.store.delete("not there")
    assert (zarrpy.open(archive)[...] == FIELD).all()
    archive.close()
    assert (zarrpy.open(tmp_path / "a.zip", mode="r")[...] == FIELD).all()


class Broken(zarr.storage.MemoryStore):
    """Fails, and gives too much."""

    async def get(self, key, prototype, byte_range=None):
        if key == "bad":
            raise OSError(5, "the line is cut")
        return await super().get(key, prototype)


def test_errors_are_ours_and_name_the_key():
    """With theirs as the cause; an answer that is not what was asked for is one as well."""
    store = ZarrPythonStore(Broken())
    store.set("long", b"123456")

    with pytest.raises(StoreError, match=r"'bad'.*the line is cut") as caught:
        store.get_many(["long", "bad"])
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.errno == 5
    with pytest.raises(StoreError, match="6 bytes, not 2"):
        store.get("long", ByteRange(1, 2))
    with pytest.raises(TypeError, match="no store of zarr-python"):
        ZarrPythonStore({})


def test_the_loop_is_theirs(tmp_path):
    """A file system whose connections belong to a loop serves both libraries in turn."""
    zarr.create_array(tmp_path / "a", data=FIELD, chunks=(16, 16))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *values):
            super().__init__(*values, directory=str(tmp_path))

        def log_message(self, *values):
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/a"
        theirs = zarr.storage.FsspecStore.from_url(url, read_only=True)
        first = zarr.open_array(theirs, mode="r")[...]
        second = zarrpy.open_array(theirs, mode="r", zarr_format=3)[...]
        third = zarr.open_array(theirs, mode="r")[:5]
        server.shutdown()

    assert (first == FIELD).all()
    assert (second == FIELD).all()
    assert (third == FIELD[:5]).all()


def test_a_store_goes_to_another_process(tmp_path):
    """As theirs does."""
    store = ZarrPythonStore(zarr.storage.LocalStore(tmp_path))
    store.set("a", b"1")

    assert bytes(pickle.loads(pickle.dumps(store)).get("a")) == b"1"


def test_prefixes_and_wrappers_go_around_it():
    """Below is a store as any other."""
    store = PrefixStore(ZarrPythonStore(zarr.storage.MemoryStore()), "in/it")
    zarrpy.create_array(store, name="a", data=FIELD, chunks=(7, 9))

    assert (zarrpy.open(store, path="a")[...] == FIELD).all()


class TestIcechunk:
    """Sessions of icechunk: what is written is there when it is committed."""

    @pytest.fixture
    def repository(self):
        return icechunk.Repository.create(icechunk.in_memory_storage())

    def test_an_array_is_written_and_read(self, repository):
        """By whole chunks and parts of them, and by zarr-python as well."""
        session = repository.writable_session("main")
        root = zarrpy.create_group(session.store)
        array = root.create_array("t", data=FIELD, chunks=(16, 16))
        array[3:5, 3:5] = -1
        array.attrs["unit"] = "K"
        session.commit("first")

        store = repository.readonly_session("main").store
        expected = FIELD.copy()
        expected[3:5, 3:5] = -1
        again = zarrpy.open_group(store, mode="r")["t"]
        assert (again[...] == expected).all()
        assert dict(again.attrs) == {"unit": "K"}
        assert (zarr.open_array(store, path="t", mode="r")[...] == expected).all()
        with pytest.raises(ReadOnlyStoreError):
            zarrpy.open(store, path="t", mode="r+")[0] = 5

    def test_what_was_is_read(self, repository):
        """Each snapshot has its own values."""
        session = repository.writable_session("main")
        zarrpy.create_array(session.store, name="t", data=FIELD, chunks=(16, 16))
        first = session.commit("first")
        session = repository.writable_session("main")
        zarrpy.open_array(session.store, path="t")[0] = 7
        session.commit("second")

        then = repository.readonly_session(snapshot_id=first).store
        now = repository.readonly_session("main").store
        assert (zarrpy.open_array(then, path="t", mode="r")[0] == FIELD[0]).all()
        assert (zarrpy.open_array(now, path="t", mode="r")[0] == 7).all()

    def test_nodes_are_changed(self, repository):
        """Grown and deleted."""
        store = repository.writable_session("main").store
        root = zarrpy.create_group(store)
        array = root.create_array("t", data=FIELD, chunks=(16, 16))
        array.append(FIELD)
        assert (array[64:] == FIELD).all()
        del root["t"]
        assert list(root) == []

    def test_what_needs_other_keys_is_refused_before_anything_changes(self, repository):
        """Chunks beyond the shape cannot be deleted, and would be there when it grows again."""
        session = repository.writable_session("main")
        zarrpy.create_array(session.store, name="t", data=FIELD, chunks=(16, 16))
        session.commit("first")
        root = zarrpy.open_group(repository.writable_session("main").store)

        with pytest.raises(StoreError, match="made smaller"):
            root["t"].resize((10, 48))
        with pytest.raises(StoreError, match="replaced"):
            root.create_array("t", data=[1, 2], overwrite=True)

        assert (root["t"][...] == FIELD).all()

    def test_what_icechunk_does_not_take_is_named(self, repository):
        """It has keys of Zarr only."""
        store = ZarrPythonStore(repository.writable_session("main").store)

        with pytest.raises(StoreError, match="notes"):
            store.set("notes", b"1")


def test_virtual_references_are_read(tmp_path):
    """VirtualiZarr makes a store of what is in files of other formats."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("t", data=FIELD, chunks=(16, 16), compression="gzip", shuffle=True)
    registry = ObjectStoreRegistry({"file://": obstore.store.LocalStore()})
    store = HDFParser()(url=f"file://{tmp_path}/a.h5", registry=registry)

    array = zarrpy.open_group(store, mode="r")["t"]

    assert (array[5:20, 3:30] == FIELD[5:20, 3:30]).all()
