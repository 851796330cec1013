"""Tests of `zarrpy.create_hierarchy`: all of it, or nothing."""

import asyncio

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, NodeExistsError, NodeKindError, ReadOnlyStoreError
from zarrpy.metadata.model import GroupMetadata
from zarrpy.stores import MemoryStore, Store


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_nodes_are_named_by_paths_and_described_in_many_ways(store, zarr_format):
    """Keywords, data, None, metadata; what lies on the way becomes groups."""
    other = zarrpy.create_array({}, data=[7, 8], compressors="gzip")

    made = dict(
        zarrpy.create_hierarchy(
            store,
            {
                "a/b": {"shape": (2, 3), "dtype": "i2", "attributes": {"n": np.int8(1)}},
                "a/c/d": np.arange(4),
                "e": None,
                "f": {"attributes": {"title": "x"}},
                "g": GroupMetadata(zarr_format=zarr_format),
                "h": other,
                "i": {"data": [1, 2, 3], "chunks": 2},
            },
            zarr_format=zarr_format,
        )
    )

    assert list(made) == ["", "a", "e", "f", "g", "h", "i", "a/b", "a/c", "a/c/d"]
    root = zarrpy.open(store)
    assert [name for name, _ in root.members(None)] == sorted(set(made) - {""})
    assert root.metadata.zarr_format == zarr_format
    assert (root["a/b"].shape, dict(root["a/b"].attrs)) == ((2, 3), {"n": 1})
    assert root["a/c/d"][...].tolist() == [0, 1, 2, 3]
    assert dict(root["f"].attrs) == {"title": "x"}
    assert root["h"].metadata == other.metadata
    assert (root["h"][...].tolist(), root["i"][...].tolist()) == ([7, 8], [1, 2, 3])
    assert made["a/b"].path == "a/b"


def test_a_document_describes_a_node(store):
    """As ``zarr.json`` holds it."""
    array = zarrpy.create_array({}, shape=4, dtype="f4", dimension_names=["x"])

    zarrpy.create_hierarchy(
        store,
        {
            "a": dict(array.metadata.document or _document(array)),
            "g": {"zarr_format": 3, "node_type": "group", "attributes": {"n": 1}},
        },
    )

    assert zarrpy.open(store, path="a").metadata.dimension_names == ("x",)
    assert dict(zarrpy.open(store, path="g").attrs) == {"n": 1}


def _document(array):
    import json

    return json.loads(bytes(array.store.get("zarr.json")))


class Requests(MemoryStore):
    """A store that counts what it is asked."""

    nreads = nwrites = 0

    def get_many(self, keys):
        self.nreads += 1
        return super().get_many(keys)

    def set(self, key, value):
        self.nwrites += 1
        super().set(key, value)

    def list(self, prefix=""):
        raise AssertionError("nothing has to be listed")


def test_many_nodes_take_few_requests():
    """One to look what is there, one for consolidated documents above; a write each."""
    store = Requests()

    zarrpy.create_hierarchy(store, {f"g{i}/a{j}": None for i in range(10) for j in range(10)})

    assert store.nwrites == 1 + 10 + 100
    assert store.nreads <= 2


@pytest.mark.parametrize(
    ("nodes", "error"),
    [
        ({"a": None, "b": {"shape": 2, "dtype": "no such"}}, (ValueError, TypeError)),
        ({"a": None, "b": {"shape": 2, "dtyp": "i4"}}, TypeError),
        ({"a": None, "b": {"attributes": {"x": object()}}}, TypeError),
        ({"a": [1], "a/b": None}, NodeKindError),
        ({"a": None, "/a/": None}, MetadataError),
        ({"a": None, "../b": None}, MetadataError),
        ({"a": None, 3: None}, MetadataError),
        ({"a": None, "there": None}, NodeExistsError),
        ({"a": None, "array/b": None}, NodeKindError),
        ({"a": None, "b": {"shape": 2, "dtype": "i4", "compressors": "no such"}}, MetadataError),
        ({"a": None, "b": {"node_type": "array", "zarr_format": 3}}, MetadataError),
    ],
)
def test_what_is_wrong_with_one_node_is_known_before_any_is_stored(store, contents, nodes, error):
    """Nothing is half made."""
    group = zarrpy.create_group(store)
    group.create_group("there")
    group["array"] = [1]
    before = contents(store)

    with pytest.raises(error):
        zarrpy.create_hierarchy(store, nodes)

    assert contents(store) == before


def test_an_error_names_the_node(store):
    """By its path."""
    with pytest.raises(MetadataError, match="x/y"):
        zarrpy.create_hierarchy(store, {"x/y": {"shape": -1, "dtype": "i4"}})


class Full(MemoryStore):
    """A store that takes a few values only."""

    left = 6

    def set(self, key, value):
        self.left -= 1
        if self.left < 0:
            raise OSError("no space left")
        super().set(key, value)

    def set_many(self, keys, values):
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)


@pytest.mark.parametrize("left", range(8))
def test_what_fails_leaves_nothing_behind(left):
    """Whichever write it is."""
    store = Full()
    zarrpy.create_group(store).attrs["kept"] = 1
    before = dict(store._values)
    store.left = left

    with pytest.raises(OSError, match="no space"):
        zarrpy.create_hierarchy(
            store, {"a/b": {"data": np.arange(1, 5), "chunks": 1}, "c": {"data": [1]}}
        )

    assert store._values == before


def test_groups_that_are_there_are_kept_when_they_are_on_the_way(store):
    """With all that is in them."""
    group = zarrpy.create_group(store, attributes={"n": 1})
    group["a/b"] = [1]

    made = zarrpy.create_hierarchy(store, {"a/c": None})

    assert [path for path, _ in made] == ["a/c"]
    assert dict(zarrpy.open(store).attrs) == {"n": 1}
    assert sorted(zarrpy.open(store)["a"]) == ["b", "c"]


def test_overwriting_replaces_what_is_named(store):
    """With all below it; what is not named stays."""
    group = zarrpy.create_group(store)
    group["a/old"], group["b/kept"] = [1], [2]

    zarrpy.create_hierarchy(
        store, {"a": {"attributes": {"n": 1}}, "a/new/x": [3], "b/x": [4]}, overwrite=True
    )

    found = [path for path, _ in zarrpy.open(store).members(None)]
    assert found == ["a", "a/new", "a/new/x", "b", "b/kept", "b/x"]
    assert zarrpy.load(store, "a/new/x").tolist() == [3]


def test_a_group_creates_below_itself(store):
    """In its format, by paths relative to it."""
    group = zarrpy.create_group(store, path="x", zarr_format=2)

    made = group.create_hierarchy({"a/b": [1], "c": None})

    assert [path for path, _ in made] == ["a", "c", "a/b"]
    assert [path for path, _ in group.members(None)] == ["a", "a/b", "c"]
    assert {node.metadata.zarr_format for _, node in made} == {2}
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.open_group(store, path="x", mode="r").create_hierarchy({"d": None})


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_documents_follow_wherever_they_are(store, zarr_format):
    """Also where only some of the groups have them."""
    group = zarrpy.create_group(store, zarr_format=zarr_format)
    group.create_group("a")
    group.create_group("b")
    for path in ("a", "b"):
        zarrpy.consolidate_metadata(store, path)

    group.create_hierarchy({"a/x": [1], "b/y/z": [2]})

    for path in ("a", "b"):
        assert zarrpy.verify_consolidated(store, path) == ()
    assert list(zarrpy.open_consolidated(store, path="b")) == ["y"]


def test_it_can_be_awaited(store):
    """With its store as a keyword, too, as zarr-python has it."""
    made = asyncio.run(zarrpy.create_hierarchy.aio(store=store, nodes={"a": None}))

    assert [path for path, _ in made] == ["", "a"]
    assert isinstance(store, Store)
