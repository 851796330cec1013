"""Tests of `zarrpy.stores.resolve`: what may be given for a store."""

import os
import pathlib

import pytest

import zarrpy
from zarrpy.errors import MetadataError, MissingDependencyError, StoreError
from zarrpy.stores import LocalStore, MemoryStore, ZipStore
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
    "form", ["{}/x.zip|zip:a/b", "file://{}/x.zip|zip:/a/b/", "zip://a/b::{}/x.zip"]
)
def test_a_path_within_a_zip_file_is_a_part_of_it(tmp_path, form):
    """Keys are below that path, and the file is one."""
    place = form.format(tmp_path)
    zarrpy.create_array(place, data=[1, 2, 3])

    with as_store(tmp_path / "x.zip") as store:
        assert "a/b/zarr.json" in list(store.list())
    assert zarrpy.open(place)[...].tolist() == [1, 2, 3]
    assert zarrpy.open(tmp_path / "x.zip", path="a/b")[...].tolist() == [1, 2, 3]


@pytest.mark.parametrize("place", ["x.tar|tar:a", "x.zip|zip", "x.zip|a", "x.zip|zip:a|zip:b"])
def test_what_comes_after_a_bar_has_to_be_known(place):
    """The forms that are known are named."""
    with pytest.raises(StoreError, match=r"'\|zip:path'"):
        as_store(place)


@pytest.mark.parametrize(
    "place", ["s3://bucket/x.zarr", "http://host/x.zarr", "gs://b/x", "memory://x", "az://c/x"]
)
def test_a_url_says_that_the_store_is_not_there_yet(tmp_path, monkeypatch, place):
    """It names the scheme and what was given, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    scheme = place.partition(":")[0]

    with pytest.raises(MissingDependencyError, match=scheme) as caught:
        zarrpy.create_group(place)

    assert place in str(caught.value)
    assert isinstance(caught.value, ImportError)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("opening", ["open", "open_array", "open_group", "load"])
def test_every_door_says_so(opening):
    """Opening as well as creating."""
    with pytest.raises(MissingDependencyError):
        getattr(zarrpy, opening)("s3://bucket/x.zarr")


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
