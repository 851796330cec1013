"""Tests of giving nodes another path, and of stores that are members of groups."""

import asyncio
import json

import numpy as np
import pytest

import zarrpy
from tests.unit.cut_off import NEW, OLD
from zarrpy.engine.moves import restore
from zarrpy.engine.requests import Restore
from zarrpy.errors import (
    MetadataError,
    NodeExistsError,
    NodeKindError,
)
from zarrpy.stores import MemoryStore


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_store_within_a_group_is_a_member_of_it(tmp_path, zarr_format):
    """Nodes may be created by any path that leads to them."""
    zarrpy.create_group(tmp_path / "x", zarr_format=zarr_format)

    zarrpy.create_array(tmp_path / "x" / "a", data=[1], zarr_format=zarr_format)

    assert list(zarrpy.open(tmp_path / "x")) == ["a"]


# ----------------------------------------------------------------------------------------- moving


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_member_moves_with_all_below_it(store, zarr_format):
    """Groups on the way are created; nothing is left."""
    group = zarrpy.create_group(store, path="g", zarr_format=zarr_format)
    group.create_array("a/b", data=OLD, chunks=2)
    store.set("g/a/notes", b"1")

    group.move("a", "x/y")

    assert [name for name, _ in group.members(None)] == ["x", "x/y", "x/y/b"]
    assert np.array_equal(group["x/y/b"][...], OLD)
    assert not [key for key in store.list() if key.startswith("g/a")]
    assert store.get("g/x/y/notes") == b"1"


def test_a_member_is_renamed_in_its_group(store):
    """Its path is the same but for its name."""
    group = zarrpy.create_group(store)
    group.create_array("g/a", data=OLD)

    group.rename("g/a", "b")

    assert list(group["g"]) == ["b"]
    with pytest.raises(MetadataError, match="path"):
        group.rename("g/b", "h/b")


def test_moving_replaces_nothing_and_leads_nowhere_impossible(store, contents):
    """What is wrong is an error before anything is changed."""
    group = zarrpy.create_group(store)
    group["a"] = OLD
    group["b"] = NEW
    before = contents(store)

    for source, target, error in [
        ("a", "b", NodeExistsError),
        ("no such", "x", KeyError),
        ("a", "a/b", MetadataError),
        ("a", "b/x", NodeKindError),
        ("a", "__x", MetadataError),
        ("", "x", ValueError),
    ]:
        with pytest.raises(error):
            group.move(source, target)
    with pytest.raises(PermissionError):
        zarrpy.open_group(store, mode="r").move("a", "x")

    assert contents(store) == before


def test_moving_can_be_awaited(store):
    """The same steps, in an event loop."""
    group = zarrpy.create_group(store)
    group["a"] = OLD

    asyncio.run(group.move.aio("a", "b"))

    assert list(group) == ["b"]


def test_a_document_that_was_being_put_aside_is_no_other_one():
    """A kill between copying and deleting it leaves both; what had gone before comes back."""
    store = MemoryStore()
    zarrpy.create_array(
        store, name="a", data=[1, 2, 3], chunks=2, zarr_format=2, attributes={"units": "K"}
    )
    pairs = [
        [".zarray", f"{OLD}/.zarray"],
        [".zattrs", f"{OLD}/.zattrs"],
        [f"{NEW}/.zarray", ".zarray"],
    ]
    store.set(f"a/{NEW}/.zarray", b"{}")
    store.rename("a/.zarray", f"a/{OLD}/.zarray")
    store.set(f"a/{OLD}/.zattrs", store.get("a/.zattrs"))
    store.set("a/.__zp-moves", json.dumps(pairs).encode())

    assert restore(store, Restore("a"))

    array = zarrpy.open_array(store, path="a")
    assert array[...].tolist() == [1, 2, 3]
    assert array.attrs["units"] == "K"
