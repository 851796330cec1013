"""Tests of `zarrpy.stores.fsspec`: values in file systems of fsspec."""

import pickle
import sys
import uuid

import fsspec
import numpy as np
import pytest
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

import zarrpy
from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.stores import FsspecStore, LocalStore
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract


class TestMemoryFileSystem(StoreContract):
    """A file system in memory keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        url = f"memory://{uuid.uuid4().hex}/data"
        yield FsspecStore(url)
        fsspec.filesystem("memory").rm(url, recursive=True) if FsspecStore(url).list_dir() else None

    @pytest.fixture
    def another(self, store):
        return FsspecStore(store.fs, store.path)


class TestLocalFileSystem(StoreContract):
    """So does a directory, but that a file that is written may be seen half written."""

    @pytest.fixture
    def store(self, tmp_path):
        return FsspecStore(f"file://{tmp_path}/data")

    test_a_reader_sees_a_whole_value = None
    test_threads_that_append_lose_nothing = None
    test_attributes_of_eight_threads_are_all_there = None
    test_a_node_is_replaced = None  # directories stay where values were


class TestFileSystemOfCoroutines(StoreContract):
    """And one that makes several requests at the same time, on a loop of its own."""

    nkeys = 1200  # what it wraps is tried with more

    @pytest.fixture
    def store(self):
        fs = AsyncFileSystemWrapper(fsspec.filesystem("memory"))
        return FsspecStore(fs, f"/{uuid.uuid4().hex}/data", requests=4)

    @pytest.fixture
    def another(self, store):
        return FsspecStore(store.fs, store.path)


def test_a_url_of_any_kind_is_opened(monkeypatch):
    """By the names of the file systems."""
    url = f"memory://{uuid.uuid4().hex}"
    zarrpy.create_array(f"{url}/a", data=np.arange(5))

    array = zarrpy.open(f"{url}/a", mode="r")

    assert array[...].tolist() == [0, 1, 2, 3, 4]
    assert array.store.label == f"{url}/a"


def test_a_chain_of_file_systems_is_opened(tmp_path):
    """Here a zip file that a web server has, of which only ranges are read."""
    (tmp_path / "site").mkdir()
    with zarrpy.create_group(tmp_path / "site/x.zip") as group:
        group.create_array("a/b", data=np.arange(5))
    fs = fsspec.filesystem("zip", fo=str(tmp_path / "site/x.zip"))

    assert zarrpy.open(FsspecStore(fs), path="a/b", mode="r")[...].tolist() == [0, 1, 2, 3, 4]
    assert sorted(zarrpy.open_group(FsspecStore(fs, "a"), mode="r")) == ["b"]


def test_a_file_system_may_be_given(tmp_path):
    """With a path in it."""
    fs = fsspec.filesystem("dir", path=str(tmp_path), target_protocol="file")
    store = FsspecStore(fs, "data/")

    zarrpy.create_array(store, name="a", data=[1, 2])

    assert LocalStore(tmp_path / "data").exists("a/zarr.json")
    assert zarrpy.open_array(store, path="a")[...].tolist() == [1, 2]


def test_options_go_to_the_file_system(tmp_path):
    """Those that it does not know are an error of its own; for a file system there are none."""
    fs = fsspec.filesystem("memory")

    assert FsspecStore(f"file://{tmp_path}", auto_mkdir=True).fs.auto_mkdir
    with pytest.raises(StoreError, match="auto_mkdir"):
        FsspecStore(fs, auto_mkdir=True)


def test_a_protocol_that_is_not_known_is_named():
    """By fsspec, as an error of ours."""
    with pytest.raises(StoreError, match="nonsense"):
        FsspecStore("nonsense://a")


def test_what_a_file_system_needs_is_named(monkeypatch):
    """As fsspec says it, with the command that installs it; in a chain of what is missing there."""
    for name in ("s3fs", "huggingface_hub"):
        monkeypatch.setitem(sys.modules, name, None)
    fsspec.filesystem("memory")

    with pytest.raises(MissingDependencyError, match=r"s3fs.* -> pip install 'fsspec\[s3\]'"):
        FsspecStore("s3://bucket/a")
    with pytest.raises(MissingDependencyError, match=r"s3fs.* -> pip install 'fsspec\[s3\]'"):
        FsspecStore("simplecache::s3://bucket/a")
    with pytest.raises(MissingDependencyError, match="-> pip install huggingface_hub"):
        FsspecStore("hf://datasets/a/b")


def test_without_fsspec_its_package_is_named(monkeypatch):
    """With the command that installs it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "fsspec"]:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(MissingDependencyError, match=r"pip install 'zarrpy\[fsspec\]'"):
        FsspecStore("memory://a")


def test_what_goes_wrong_is_an_error_with_the_key(monkeypatch):
    """And what the file system said is its cause."""
    store = FsspecStore(f"memory://{uuid.uuid4().hex}")
    store.set("a", b"123")

    def fail(*args, **keywords):
        raise PermissionError(13, "not yours")

    for name in ("cat_file", "pipe_file", "rm_file", "info", "find", "ls"):
        monkeypatch.setattr(store.fs, name, fail)
    for ask in (
        lambda: store.get("a"),
        lambda: store.get("a", ByteRange(0, 1)),
        lambda: store.get("a", ByteRange(-1)),
        lambda: store.set("a", b""),
        lambda: store.delete("a"),
        lambda: store.size("a"),
        lambda: list(store.list("a")),
        lambda: store.list_dir("a/"),
    ):
        with pytest.raises(StoreError, match=r"'a/?'.*not yours") as caught:
            ask()
        assert isinstance(caught.value.__cause__, PermissionError | StoreError)


def test_a_file_system_that_ignores_ranges_is_found_out(monkeypatch):
    """The whole value is never given for a part of it."""
    store = FsspecStore(f"memory://{uuid.uuid4().hex}")
    store.set("a", b"12345")
    whole = store.fs.cat_file
    monkeypatch.setattr(store.fs, "cat_file", lambda path, **ranges: whole(path))

    with pytest.raises(StoreError, match="'a'"):
        store.get("a", ByteRange(1, 2))


def test_a_file_system_for_coroutines_is_refused():
    """With what to do."""

    class Loops:
        asynchronous = True

    with pytest.raises(StoreError, match="asynchronous"):
        FsspecStore(Loops(), "a")


def test_a_store_is_pickled(tmp_path):
    """As its file system and its path."""
    store = FsspecStore(f"file://{tmp_path}/data")
    store.set("a", b"1")

    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_stores_of_one_file_system_share_their_locks():
    """Whatever their paths."""
    name = uuid.uuid4().hex
    outer, inner = FsspecStore(f"memory://{name}"), FsspecStore(f"memory://{name}/a")

    assert outer.lock_scope == inner.lock_scope
    assert outer.locus("a/b") == inner.locus("b")
    assert outer.overlaps("a", inner, "")
