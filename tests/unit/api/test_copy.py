"""Tests of `zarrpy.copy`, `move`, `delete` and their relatives."""

import asyncio

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    MetadataError,
    NodeExistsError,
    NodeNotFoundError,
    ReadOnlyStoreError,
    ZarrError,
)
from zarrpy.stores import LocalStore, MemoryStore


@pytest.fixture(params=["memory", "local"])
def other(request, tmp_path):
    """A second store."""
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "other")


@pytest.fixture(params=[2, 3])
def group(request, store):
    """A hierarchy, of each format."""
    group = zarrpy.create_group(store, zarr_format=request.param, attributes={"n": 1})
    group.create_array("a", data=np.arange(6), chunks=2, compressors="gzip")
    group["g/b"] = [[1.5]]
    return group


def test_a_group_is_copied_with_all_below_it(group, other, contents):
    """Byte by byte, and opened where it is now."""
    copied = zarrpy.copy(group, other, "x/y")

    assert copied.path == "x/y"
    found = {k.removeprefix("x/y/"): v for k, v in contents(other).items() if k.startswith("x/y/")}
    assert found == contents(group.store)


def test_nothing_is_decoded(group, other, monkeypatch):
    """Not even a broken chunk is noticed."""
    key = next(key for key in group.store.list("a/") if "." not in key or key.endswith("/0"))
    key = group["a"].chunk_key(0)
    group.store.set(key, b"broken")

    zarrpy.copy(group["a"], other)

    assert bytes(other.get(key.removeprefix("a/"))) == b"broken"


def test_a_copy_goes_into_a_group_under_its_name(group, other):
    """Or under another one; the root of a store has none."""
    target = zarrpy.create_group(other)

    zarrpy.copy(group["g/b"], target)
    zarrpy.copy(group["g/b"], target, "deep/c")

    assert [path for path, _ in target.members(None)] == ["b", "deep", "deep/c"]
    with pytest.raises(MetadataError, match="needs a name"):
        zarrpy.copy(group, target)


def test_what_is_copied_can_be_named_by_its_store(tmp_path):
    """As paths; the copy is then at the root."""
    zarrpy.save(tmp_path / "a", np.arange(3))

    zarrpy.copy(tmp_path / "a", tmp_path / "b")

    assert zarrpy.load(tmp_path / "b").tolist() == [0, 1, 2]


def test_what_is_there_is_kept_replaced_or_an_error(group, other):
    """As `if_exists` says."""
    zarrpy.save(other, np.arange(2))

    with pytest.raises(NodeExistsError):
        zarrpy.copy(group["a"], other)
    assert zarrpy.copy(group["a"], other, if_exists="skip").shape == (2,)
    assert zarrpy.copy(group["a"], other, if_exists="replace").shape == (6,)
    with pytest.raises(ValueError, match="if_exists"):
        zarrpy.copy(group["a"], other, if_exists="never")


def test_a_copy_is_of_the_other_format_only_when_asked(group, other):
    """Chunks stay the same bytes, under keys that the format has."""
    old = group.metadata.zarr_format

    same = zarrpy.copy(group, other, "same")
    new = zarrpy.copy(group, other, "new", zarr_format=5 - old)

    assert {node.metadata.zarr_format for _, node in same.members(None)} == {old}
    assert {node.metadata.zarr_format for _, node in new.members(None)} == {5 - old}
    assert new["a"][...].tolist() == list(range(6))
    assert dict(new.attrs) == {"n": 1}
    chunk = other.get(new["a"].chunk_key(1))
    assert bytes(chunk) == bytes(group.store.get(group["a"].chunk_key(1)))


def test_what_the_other_format_cannot_say_is_refused_before_anything_is_stored(other):
    """With the name of the feature."""
    array = zarrpy.create_array({}, data=np.arange(8), shards=4, chunks=2)

    with pytest.raises(ZarrError, match="shard"):
        zarrpy.copy(array, other, zarr_format=2)

    assert list(other.list()) == []


def test_every_member_is_copied_into_another_group(group, other):
    """But not the group itself."""
    target = zarrpy.create_group(other)

    copied = zarrpy.copy_all(group, target)

    assert [node.path for node in copied] == ["a", "g"]
    assert [path for path, _ in target.members(None)] == ["a", "g", "g/b"]


def test_keys_are_copied_whatever_they_hold(store, other):
    """And counted."""
    for key, value in {"x/a": b"12", "x/b/c": b"345", "y": b"6"}.items():
        store.set(key, value)
    other.set("z/a", b"old")

    with pytest.raises(NodeExistsError, match="z/a"):
        zarrpy.copy_store(store, other, "x", "z")
    assert zarrpy.copy_store(store, other, "x", "z", if_exists="skip") == (1, 1, 3)
    assert bytes(other.get("z/a")) == b"old"
    assert zarrpy.copy_store(store, other, "x", "z", if_exists="replace") == (2, 0, 5)
    assert sorted(other.list()) == ["z/a", "z/b/c"]


def test_moving_within_a_store_renames(group, contents):
    """What was there before is there after, elsewhere."""
    before = contents(group.store)

    moved = zarrpy.move(group["g"], group, "x/h")

    assert (moved.path, "g" in group) == ("x/h", False)
    after = contents(group.store)
    assert {k.replace("g/", "x/h/", 1) for k in before if k.startswith("g/")} <= set(after)


def test_moving_between_stores_deletes_the_source_at_the_end(group, other):
    """With all below it."""
    zarrpy.move(group["g"], other, "h")

    assert list(group) == ["a"]
    assert zarrpy.open(other, path="h")["b"][0, 0] == 1.5


def test_what_was_opened_for_reading_is_not_moved(group, other, contents):
    """Nor changed in any way."""
    before = contents(group.store)
    reading = zarrpy.open_group(group.store, mode="r")

    with pytest.raises(ReadOnlyStoreError):
        zarrpy.move(reading["a"], other)
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.copy(group["a"], reading, "c")

    assert (contents(group.store), contents(other)) == (before, {})


def test_nothing_becomes_a_part_of_itself(group, contents):
    """Neither by copying nor by moving."""
    before = contents(group.store)

    for act in (zarrpy.copy, zarrpy.move):
        with pytest.raises((NodeExistsError, MetadataError)):
            act(group["g"], group, "g/x")

    assert contents(group.store) == before


def test_nodes_are_deleted_by_path(group, contents):
    """The root, too; what is missing is an error."""
    zarrpy.delete(group.store, "g")
    assert list(group) == ["a"]
    with pytest.raises(NodeNotFoundError):
        zarrpy.delete(group.store, "g")

    zarrpy.delete(group.store)

    assert contents(group.store) == {}


def test_a_member_is_copied_within_its_group(group):
    """And kept apart from then on."""
    copied = group.copy("g", "x/h")
    copied["b"][...] = 7

    assert (group["x/h/b"][0, 0], group["g/b"][0, 0]) == (7, 1.5)
    with pytest.raises(NodeExistsError):
        group.copy("a", "g")
    assert group.copy("a", "g", overwrite=True).shape == (6,)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_documents_name_what_was_copied(store, other, zarr_format):
    """With its members."""
    source = zarrpy.create_group(store, zarr_format=zarr_format)
    source["a/b"] = [1]
    target = zarrpy.create_group(other, zarr_format=zarr_format)
    zarrpy.consolidate_metadata(other)

    zarrpy.copy(source, target, "x")
    zarrpy.move(source["a"], target, "y")

    assert zarrpy.verify_consolidated(other) == ()


def test_it_all_can_be_awaited(group, other):
    """In a running loop."""

    async def change():
        await zarrpy.copy.aio(group, other, "x")
        await zarrpy.move.aio(group["g"], other, "y")
        await zarrpy.delete.aio(other, "x/a")

    asyncio.run(change())

    found = [path for path, _ in zarrpy.open(other, mode="r").members(None)]
    assert found == ["x", "x/g", "x/g/b", "y", "y/b"]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda group: zarrpy.copy(group["a"], group, "b"), "if_exists='replace'"),
        (lambda group: group.copy("a", "b"), "overwrite=True"),
        (lambda group: group.move("a", "b"), "delete it before"),
        (lambda group: group.rename("a", "b"), "delete it before"),
        (lambda group: zarrpy.move(group["a"], group, "b"), "delete it before"),
        (lambda group: zarrpy.move(zarrpy.array([1]), group, "b"), "delete it before"),
        (lambda group: zarrpy.rechunk(group["a"], group, "b", chunks=1), "if_exists='replace'"),
    ],
)
def test_what_is_in_the_way_is_named_with_what_can_be_done(change, hint):
    """By the parameters of the function that was called."""
    group = zarrpy.create_group({})
    group["a"], group["b"] = [1], [2]

    with pytest.raises(NodeExistsError, match=hint):
        change(group)
