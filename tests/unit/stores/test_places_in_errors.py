"""Errors say where: which bucket, file or address; and a mistyped place is an error."""

import pytest

import zarrpy
from zarrpy.errors import GroupNotFoundError, NodeExistsError, NodeNotFoundError, StoreError
from zarrpy.stores import FsspecStore, MemoryStore, ObjectStore, PrefixStore, SQLiteStore, ZipStore


@pytest.fixture(params=["sqlite", "zip"])
def file(request, tmp_path):
    """The path of a file with a group in it, and its kind."""
    path = str(tmp_path / f"x.{request.param}")
    kind = {"sqlite": SQLiteStore, "zip": ZipStore}[request.param]
    with kind(path) as store:
        zarrpy.create_group(store).create_array("temp", shape=(3,), dtype="i4")
    return path, request.param


def test_a_member_that_is_not_there_is_named_with_its_file(file):
    """As an address that would open it, and with what is like it."""
    path, kind = file

    with pytest.raises(NodeNotFoundError) as caught:
        zarrpy.open(path, mode="r")["tmp"]

    assert repr(f"{path}|{kind}:tmp") in str(caught.value)
    assert caught.value.nearest == ["temp"]


def test_a_file_that_is_not_there_is_named(file):
    """And not the root of nothing in particular."""
    path, kind = file

    with pytest.raises(GroupNotFoundError) as caught:
        zarrpy.open_group(f"{path}2|{kind}:", mode="r")

    assert repr(f"{path}2") in str(caught.value)


def test_a_place_in_a_prefix_is_named_whole(tmp_path):
    """By the path that people find."""
    zarrpy.create_group(tmp_path)

    with pytest.raises(NodeNotFoundError) as caught:
        zarrpy.open(PrefixStore(zarrpy.stores.LocalStore(tmp_path), "runs"), path="a", mode="r")

    assert repr(str(tmp_path / "runs" / "a")) in str(caught.value)


def test_a_store_without_a_place_names_paths():
    """Values in memory are nowhere else."""
    with pytest.raises(NodeNotFoundError, match="at 'a'"):
        zarrpy.open(MemoryStore(), path="a", mode="r")


def test_a_bucket_is_named_as_its_address():
    """What is there already, too."""
    store = ObjectStore("s3://measurements/run/1", endpoint="http://127.0.0.1:9", retries=0)

    located = store.locate(NodeNotFoundError("no array or group at '/'", path=""))
    assert "no array or group at 's3://measurements/run/1'" in str(located)
    assert str(store.locate(located)) == str(located)
    error = store.locate(NodeExistsError("there is an array at 'a' already", path="a"))
    assert "at 's3://measurements/run/1/a'" in str(error)


@pytest.mark.parametrize("place", ["x.zip", "sqlite:x.sqlite", "lmdb:x.lmdb", "x.sqlite|sqlite:"])
def test_a_mistyped_directory_is_an_error_and_not_made(tmp_path, monkeypatch, place):
    """Opening to write makes a file, where there is a place for it."""
    monkeypatch.chdir(tmp_path)
    kind, colon, name = place.rpartition(":")
    mistyped = f"{kind}{colon}resutls/{name}" if name else place.replace("x.", "resutls/x.", 1)

    with pytest.raises(StoreError, match=r"no directory '.*resutls' -> make it first"):
        zarrpy.open_group(mistyped, mode="w")

    assert list(tmp_path.iterdir()) == []
    (tmp_path / "resutls").mkdir()
    zarrpy.open_group(mistyped, mode="w")


def test_a_zip_file_that_is_far_is_said_to_need_a_bar():
    """As a bucket does not tell whether a name is that of a file."""
    far = FsspecStore("memory://archive/a.zip")

    with pytest.raises(NodeNotFoundError, match=r"'memory://archive/a\.zip\|zip:t' opens it"):
        zarrpy.open(far, path="t", mode="r")
    with pytest.raises(NodeNotFoundError, match=r"'memory://archive/a\.zip\|zip:' opens it"):
        zarrpy.open(far, mode="r")
    with pytest.raises(NodeNotFoundError, match="open never creates"):
        zarrpy.open(FsspecStore("memory://archive/a.zippy"), mode="r")


def test_an_endpoint_without_a_protocol_says_how_it_is_written():
    """The client of the service would end in a panic."""
    with pytest.raises(StoreError, match=r"no protocol .*endpoint='https://localhost:9000'"):
        ObjectStore("s3://bucket/a", endpoint="localhost:9000")
