"""Tests of `zarrpy.stores.resolve`: what may be given for a store."""

import os
import pathlib

import fsspec
import obstore.store
import pytest

import zarrpy
from zarrpy.errors import MetadataError, StoreError
from zarrpy.stores import (
    FsspecStore,
    HTTPStore,
    LocalStore,
    MemoryStore,
    ObjectStore,
    ZipStore,
)
from zarrpy.stores.resolve import as_store


def test_a_store_is_itself():
    """A store of the caller's own is used as it is."""
    store = MemoryStore()

    assert as_store(store) is store


def test_nothing_is_a_new_memory_store():
    """Two calls share nothing."""
    one, two = as_store(None), as_store(None)

    one.set("a", b"1")

    assert two.get("a") is None


def test_a_mapping_is_a_memory_store():
    """The mapping itself is filled."""
    values = {}

    as_store(values).set("a", b"1")

    assert values == {"a": b"1"}


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_path_is_a_local_store(tmp_path, kind):
    """Text or any path object."""
    found = as_store(kind(tmp_path / "x.zarr"))

    assert isinstance(found, LocalStore)
    assert found.root == str(tmp_path / "x.zarr")


def test_a_file_url_is_a_local_store(tmp_path):
    """With its escapes resolved."""
    found = as_store(f"file://{tmp_path}/with%20space")

    assert found.root == str(tmp_path / "with space")


def test_a_file_url_of_another_host_is_refused():
    """Nobody reads the local file of that name instead."""
    with pytest.raises(StoreError, match="server"):
        as_store("file://server/data")


def test_the_home_directory_may_be_written_as_a_tilde(monkeypatch, tmp_path):
    """As shells do."""
    monkeypatch.setenv("HOME", str(tmp_path))

    assert as_store("~/x.zarr").root == str(tmp_path / "x.zarr")


@pytest.mark.parametrize(
    "place",
    [
        "data.zip",
        "data.ZIP",
        "dir/data.zarr.zip",
        "data.zip/",
        "zip://data.zip",
        pathlib.Path("data.zip"),
        "data|zip:",
    ],
)
def test_a_zip_path_is_a_zip_file(tmp_path, monkeypatch, place):
    """No directory of that name is made, and no file before something is written."""
    monkeypatch.chdir(tmp_path)

    store = as_store(place)

    assert isinstance(store, ZipStore)
    assert os.listdir(tmp_path) == []
    assert store.path == str(tmp_path / str(place).split("|")[0].split("://")[-1].rstrip("/"))


def test_a_directory_whose_name_ends_in_zip_stays_one(tmp_path):
    """What is there counts more than its name."""
    os.mkdir(tmp_path / "x.zip")

    assert isinstance(as_store(tmp_path / "x.zip"), LocalStore)


@pytest.mark.parametrize(
    "form",
    [
        "{}/x.zip|zip:a/b",
        "file://{}/x.zip|zip:/a/b/",
        "zip://a/b::{}/x.zip",
        "zip://{}/x.zip|zip:a/b",
    ],
)
def test_a_path_within_a_zip_file_is_a_part_of_it(tmp_path, form):
    """Keys are below that path, and the file is one."""
    place = form.format(tmp_path)
    zarrpy.create_array(place, data=[1, 2, 3])

    with as_store(tmp_path / "x.zip") as store:
        assert "a/b/zarr.json" in list(store.list())
    assert zarrpy.open(place)[...].tolist() == [1, 2, 3]
    assert zarrpy.open(tmp_path / "x.zip", path="a/b")[...].tolist() == [1, 2, 3]


@pytest.mark.parametrize("start", ["", "sqlite:", "sqlite://", "SQLite:"])
def test_a_path_within_a_database_may_follow_its_url(tmp_path, start):
    """Whatever the file is called."""
    zarrpy.create_array(f"{start}{tmp_path}/x.dat|sqlite:a", data=[1, 2, 3])

    assert zarrpy.open(f"sqlite:{tmp_path}/x.dat")["a"][...].tolist() == [1, 2, 3]


@pytest.mark.parametrize("place", ["x.tar|tar:a", "x.zip|zip", "x.zip|a", "x.zip|zip:a|zip:b"])
def test_what_comes_after_a_bar_has_to_be_known(place):
    """The forms that are known are named."""
    with pytest.raises(StoreError, match=r"'\|zip:path'"):
        as_store(place)


@pytest.mark.parametrize(
    ("place", "kind", "label"),
    [
        ("s3://bucket/x.zarr", ObjectStore, "s3://bucket/x.zarr"),
        ("S3://bucket/x.zarr/", ObjectStore, "s3://bucket/x.zarr"),
        ("s3a://bucket", ObjectStore, "s3://bucket"),
        ("gs://b/x", ObjectStore, "gs://b/x"),
        ("az://c/x", ObjectStore, "az://c/x"),
        ("abfs://c@account.dfs.core.windows.net/x", ObjectStore, "az://c/x"),
        ("http://host/x.zarr", HTTPStore, "http://host/x.zarr"),
        ("https://host:8080/", HTTPStore, "https://host:8080"),
        ("memory://x", FsspecStore, "memory://x"),
    ],
)
def test_a_url_is_the_store_of_what_it_names(tmp_path, monkeypatch, place, kind, label):
    """By its scheme; nothing is asked of a server, and nothing made here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")

    store = as_store(place, storage_options={"requests": 3})

    assert isinstance(store, kind)
    assert store.label == label
    assert store.requests == (3 if kind is not FsspecStore else 1)
    assert os.listdir(tmp_path) == []


def test_a_zip_file_that_is_somewhere_else_is_a_chain(tmp_path, monkeypatch):
    """A path in it comes after a bar, or before what it is in."""
    monkeypatch.chdir(tmp_path)
    with zarrpy.create_group("x.zip") as group:
        group.create_array("a/b", data=[1, 2, 3])
    with fsspec.open("memory://files/x.zip", "wb") as file:
        file.write((tmp_path / "x.zip").read_bytes())

    for place in ("memory://files/x.zip|zip:a/b", "zip://a/b::memory://files/x.zip"):
        assert zarrpy.open(place, mode="r")[...].tolist() == [1, 2, 3]
    with pytest.raises(StoreError, match="zip:path"):
        as_store("memory://files/x.zip|tar:a")


@pytest.mark.parametrize("opening", ["open", "open_array", "open_group", "load"])
def test_a_scheme_that_nobody_knows_is_named(opening):
    """By every door."""
    with pytest.raises(StoreError, match="nonsense"):
        getattr(zarrpy, opening)("nonsense://bucket/x.zarr")


@pytest.mark.parametrize("place", [3, 1.5, b"path", object(), ["a"]])
def test_what_is_no_place_is_a_type_error(place):
    """The type is named."""
    with pytest.raises(TypeError, match=r"cannot make a store of|must be text"):
        as_store(place)


def test_the_empty_path_names_no_store():
    """It would be the current directory, which nobody meant."""
    with pytest.raises(StoreError, match="empty path"):
        as_store("")


@pytest.mark.parametrize("make", [as_store, LocalStore, zarrpy.open])
def test_a_path_with_a_nul_character_is_refused(make):
    """Like such a path of a node; the text shows it."""
    with pytest.raises(MetadataError, match=r"the path 'a\\x00b' has a NUL character"):
        make("a\0b")


@pytest.mark.parametrize(
    "url", ["redis://h/0", "postgresql://u:secret@h/d", "mongodb://h/d", "https://h/x"]
)
def test_an_option_that_a_store_does_not_have_is_named(url):
    """Before anybody is asked for anything."""
    with pytest.raises(StoreError, match="Store has no option 'tabel' -> ") as caught:
        as_store(url, storage_options={"tabel": "x"})
    assert "secret" not in str(caught.value)


def test_storage_options_that_apply_to_nothing_are_refused(tmp_path):
    """An option that is ignored is an option that is wrong."""
    with pytest.raises(StoreError, match="anon"):
        zarrpy.open(tmp_path / "x.zarr", storage_options={"anon": True})


@pytest.mark.parametrize(
    "part", [lambda group: group, lambda group: group["a"]], ids=["group", "array"]
)
def test_a_node_is_no_store(part):
    """A group is a mapping, but of nodes: nothing would be found in it as in a store."""
    group = zarrpy.create_group({})
    group["a"] = [1, 2]

    for refuses in (zarrpy.open, zarrpy.delete, lambda node: zarrpy.create_array(node, shape=1)):
        with pytest.raises(TypeError, match=r"cannot make a store of .* -> give its store"):
            refuses(part(group))


def test_a_store_of_obstore_is_a_place(tmp_path):
    """One of a directory needs no service before it."""
    memory = obstore.store.MemoryStore()
    zarrpy.create_array(memory, name="a", data=[1, 2])

    assert zarrpy.open(memory, path="a", mode="r")[...].tolist() == [1, 2]
    assert type(as_store(memory)) is ObjectStore
    local = as_store(obstore.store.LocalStore(tmp_path), read_only=True)
    assert type(local) is LocalStore
    assert local.read_only
