"""Tests of `zarrpy.group`: a mapping over a hierarchy."""

import asyncio
from collections.abc import MutableMapping

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    MetadataError,
    NodeExistsError,
    NodeKindError,
    NodeNotFoundError,
    ShapeMismatchError,
)


@pytest.fixture(params=[2, 3])
def group(request, store):
    """A group with an array, a group, and an array in that, of each format."""
    group = zarrpy.create_group(store, path="top", zarr_format=request.param)
    group.create_array("a", data=[1, 2, 3], chunks=2)
    group.create_array("g/b", data=np.ones((2, 2)))
    return group


# ----------------------------------------------------------------------------------- a mapping


def test_a_group_is_a_mapping(group):
    """With all that mappings have."""
    assert isinstance(group, MutableMapping)
    assert list(group) == ["a", "g"]
    assert len(group) == 2
    assert [type(node) for node in group.values()] == [zarrpy.Array, zarrpy.Group]
    assert [name for name, _ in group.items()] == ["a", "g"]
    assert group.get("no such") is None
    assert group.get("a").shape == (3,)


def test_a_member_is_reached_by_its_name_or_path(group):
    """Nested ones in one step, with slashes at either end or not."""
    assert group["a"][...].tolist() == [1, 2, 3]
    assert group["g/b"].shape == (2, 2)
    assert group["/g/b/"].path == "top/g/b"
    assert group["g"]["b"].path == "top/g/b"


def test_the_names_of_a_node_lead_to_it(group):
    """Path, name and the last part of both."""
    node = group["g/b"]

    assert (node.path, node.name, node.basename) == ("top/g/b", "/top/g/b", "b")
    assert (group.path, group.name, group.basename) == ("top", "/top", "top")


def test_a_missing_member_is_a_key_error(group):
    """It names the path and what is like it."""
    with pytest.raises(KeyError):
        group["no such"]
    with pytest.raises(NodeNotFoundError, match="top/g/bb") as caught:
        group["g/bb"]
    assert caught.value.nearest == ["top/g/b"]


def test_a_file_that_is_no_member_is_not_offered_in_its_own_place(tmp_path):
    """The names that are like the one asked for are other names."""
    group = zarrpy.create_group(tmp_path)
    (tmp_path / "readme").write_text("not Zarr")
    group.create_group("readme2")

    with pytest.raises(NodeNotFoundError) as caught:
        group["readme"]

    assert caught.value.nearest == ["readme2"]


@pytest.mark.parametrize("path", ["..", "../x", "a//b", "a/../b", ".", "a\\b", 3, None, ""])
def test_what_is_no_path_is_in_no_group(group, path):
    """Asking is no error; fetching is a KeyError, and nothing outside is reached."""
    if path == "":
        assert group[path].path == group.path
        return
    assert path not in group
    with pytest.raises(KeyError):
        group[path]


def test_in_tells_what_is_there(group):
    """By name and by path, arrays and groups; what is only a file is no member."""
    group.store.set("top/notes.txt", b"1")

    assert "a" in group
    assert "g" in group
    assert "g/b" in group
    assert "b" not in group
    assert "notes.txt" not in group
    assert ".zarray" not in group
    assert "zarr.json" not in group
    assert list(group) == ["a", "g"]


def test_setting_a_member_stores_an_array(group, body):
    """Data of any kind; what was there is replaced."""
    group["new/deep"] = [1, 2, 3]
    group["a"] = np.ones(2, "f4")
    group["g"] = 7

    assert group["new/deep"][...].tolist() == [1, 2, 3]
    assert (group["a"][...].tolist(), group["a"].dtype) == ([1, 1], np.dtype("f4"))
    assert group["g"][()] == 7
    assert "g/b" not in group


@pytest.fixture(params=["unknown data type", "broken document"])
def with_unreadable(request, group):
    """The group, with a third member that cannot be understood."""
    member = group.create_array("u", data=[1])
    name = "zarr.json" if group.metadata.zarr_format == 3 else ".zarray"
    document = bytes(group.store.get(f"top/u/{name}"))
    if request.param == "broken document":
        broken = document[:-5]
    else:
        broken = document.replace(b'"int64"', b'"string"').replace(b'"<i8"', b'"|O"')
    assert member.dtype == np.dtype("i8")
    assert broken != document
    group.store.set(f"top/u/{name}", broken)
    return group


def test_a_member_that_cannot_be_understood_does_not_hide_the_others(with_unreadable):
    """It is counted and listed by name; reaching for it, or for all, is its error."""
    group = with_unreadable

    assert list(group) == ["a", "g", "u"]
    assert len(group) == 3
    assert "u" in group
    assert group["a"][...].tolist() == [1, 2, 3]
    for reach in (lambda: group["u"], group.members, group.arrays):
        with pytest.raises(MetadataError, match="top/u"):
            reach()
    found = dict(group.members_or_errors())
    assert isinstance(found["u"], MetadataError)
    assert found["a"].shape == (3,)


def test_the_tree_says_why_a_member_cannot_be_understood(with_unreadable):
    """And shows the others."""
    lines = str(with_unreadable.tree()).splitlines()

    assert any("a" in line and "int64" in line for line in lines)
    assert any("u" in line and "cannot be read: top/u/" in line for line in lines)


def test_a_member_that_cannot_be_understood_can_be_deleted(with_unreadable):
    """With all below it."""
    del with_unreadable["u"]

    assert list(with_unreadable) == ["a", "g"]
    assert not [key for key in with_unreadable.store.list() if key.startswith("top/u/")]


def test_deleting_a_member_deletes_all_below_it(group):
    """And nothing beside it."""
    group["gg"] = [1]

    del group["g"]

    assert list(group) == ["a", "gg"]
    assert [key for key in group.store.list() if key.startswith("top/g/")] == []
    assert group["gg"][...].tolist() == [1]


def test_deleting_what_is_missing_is_a_key_error(group, contents):
    """As with dictionaries; nothing changes."""
    before = contents(group.store)

    with pytest.raises(KeyError):
        del group["no such"]
    with pytest.raises((KeyError, ValueError)):
        del group[""]

    assert contents(group.store) == before


def test_groups_are_equal_when_they_are_the_same_node(group):
    """Comparing reads nothing, and members do not count; groups can be keys."""
    again = zarrpy.open_group(group.store, path="top")
    assert group == group
    assert group == again
    assert group != zarrpy.create_group({}, path="top")
    assert group != again.create_group("below")
    assert len({group, again}) == 1


def test_a_group_without_members_is_empty(store):
    """Not missing."""
    group = zarrpy.create_group(store)

    assert (list(group), len(group), group.members()) == ([], 0, ())
    assert dict(group) == {}


# ---------------------------------------------------------------------------------- the members


def test_members_are_listed_to_any_depth(group):
    """With their paths relative to the group."""
    group.create_group("g/h/i")

    assert [name for name, _ in group.members()] == ["a", "g"]
    assert [name for name, _ in group.members(1)] == ["a", "g", "g/b", "g/h"]
    assert [name for name, _ in group.members(None)] == ["a", "g", "g/b", "g/h", "g/h/i"]


@pytest.mark.parametrize("depth", [-1, 1.5, "1"])
def test_a_depth_that_is_none_is_refused(group, depth):
    """Below zero is not everything."""
    with pytest.raises(ValueError, match="max_depth must be None or an integer of at least 0"):
        group.members(depth)
    with pytest.raises(ValueError, match="level must be None or an integer of at least 0"):
        group.tree(depth)


def test_nodes_that_are_no_mapping_are_refused(group):
    """Before anything is stored."""
    with pytest.raises(TypeError, match="nodes must be a mapping from paths"):
        group.create_hierarchy([("x", [1])])


@pytest.mark.parametrize("name", ["", "/", "b/c"])
def test_a_member_is_renamed_to_a_name(group, name):
    """Not to none, which would be its own group, nor to a path."""
    with pytest.raises(MetadataError, match="is no name of a member"):
        group.rename("g/b", name)


def test_arrays_and_groups_are_listed_apart(group):
    """Names alone, and names with nodes."""
    assert group.array_keys() == ("a",)
    assert group.group_keys() == ("g",)
    assert [(name, node.path) for name, node in group.arrays()] == [("a", "top/a")]
    assert [(name, node.path) for name, node in group.groups()] == [("g", "top/g")]


def test_members_are_in_the_order_of_their_names(store):
    """The order of creation is not kept anywhere."""
    group = zarrpy.create_group(store)
    for name in ("b", "a", "c10", "c1"):
        group.create_group(name)

    assert list(group) == ["a", "b", "c1", "c10"]


def test_members_of_both_formats_are_found(store):
    """A hierarchy may mix them."""
    group = zarrpy.create_group(store)
    zarrpy.create_array(store, name="old", data=[1], zarr_format=2)
    zarrpy.create_array(store, name="new", data=[1])

    assert list(group) == ["new", "old"]


def test_a_member_that_begins_with_a_dot_is_listed(group):
    """Only the documents of nodes are not members."""
    group.create_group(".hidden")

    assert list(group) == [".hidden", "a", "g"]


def test_a_group_that_was_deleted_has_no_members_to_list(group):
    """It is an error, not an empty group."""
    group.store.delete_prefix("top/")

    with pytest.raises(NodeNotFoundError):
        list(group)


def test_what_lies_below_a_file_is_no_member(store):
    """Asking for it is a KeyError; other members are found."""
    group = zarrpy.create_group(store)
    group["a"] = [1]
    store.set("README.txt", b"read me")

    assert list(group) == ["a"]
    assert "README.txt" not in group
    assert "README.txt/x" not in group
    with pytest.raises(KeyError):
        group["README.txt"]


def test_the_tree_shows_the_hierarchy(group):
    """Names, types and shapes; as deep as asked."""
    whole, top = repr(group.tree()), repr(zarrpy.tree(group, level=1))

    assert all(word in whole for word in ("a", "g", "b", "int64", "float64"))
    assert "b" not in [line.split()[1].strip("/") for line in top.splitlines()[1:]]
    assert len(top.splitlines()) < len(whole.splitlines())


def test_completion_offers_the_members(group):
    """For interactive use."""
    assert group._ipython_key_completions_() == ["a", "g"]


# --------------------------------------------------------------------------------- creating


def test_nodes_are_created_in_the_format_of_the_group(group):
    """Unless another is asked for."""
    zarr_format = group.metadata.zarr_format

    made = [group.create_array("x/y", shape=1, dtype="i1"), group.create_group("z"), group["x"]]

    assert [node.metadata.zarr_format for node in made] == [zarr_format] * 3


def test_what_is_there_is_not_replaced(group, contents):
    """Unless asked for."""
    before = contents(group.store)

    with pytest.raises(NodeExistsError, match="top/a"):
        group.create_array("a", shape=1, dtype="i1")
    with pytest.raises(NodeExistsError, match="top/g"):
        group.create_group("g")
    assert contents(group.store) == before
    assert group.create_group("g", overwrite=True).members() == ()
    assert group.create_array("a", data=[5], overwrite=True)[0] == 5


@pytest.mark.parametrize("name", ["", "/", "..", "a/../b", "__x", "zarr.json", "x/.zgroup", "..."])
def test_a_name_that_cannot_be_is_refused(group, contents, name):
    """For arrays and groups; nothing is stored."""
    before = contents(group.store)

    with pytest.raises((MetadataError, NodeExistsError)):
        group.create_array(name, shape=1, dtype="i1")
    with pytest.raises((MetadataError, NodeExistsError)):
        group.create_group(name)

    assert contents(group.store) == before


def test_a_misspelt_keyword_is_named(group):
    """With the one that was meant."""
    with pytest.raises(TypeError, match="Did you mean 'dtype'"):
        group.create_array("x", shape=1, dtpe="i1")


def test_require_group_opens_or_creates(group):
    """It keeps what is there, and refuses an array."""
    group["g"].attrs["a"] = 1

    assert dict(group.require_group("g").attrs) == {"a": 1}
    assert group.require_group("x/y/z").path == "top/x/y/z"
    assert sorted(group["x"]) == ["y"]
    with pytest.raises(NodeKindError, match="top/a"):
        group.require_group("a")


def test_require_array_opens_or_creates(group):
    """What is there has to have the shape, and a type that fits."""
    kept = group.require_array("a", shape=3, dtype="i8")

    assert kept[...].tolist() == [1, 2, 3]
    assert group.require_array("new", shape=(2,), dtype="f4").dtype == np.dtype("f4")
    with pytest.raises(ShapeMismatchError, match=r"\(3,\).*\(4,\)"):
        group.require_array("a", shape=4)
    with pytest.raises(TypeError, match="int64"):
        group.require_array("a", shape=3, dtype="i2")
    with pytest.raises(TypeError, match="int64"):
        group.require_array("a", shape=3, dtype="f8", exact=True)
    with pytest.raises(NodeKindError, match="top/g"):
        group.require_array("g", shape=3)


def test_a_group_that_was_deleted_is_an_error(group):
    """Its attributes cannot be changed any more."""
    group.store.delete_prefix("top/")

    with pytest.raises(NodeNotFoundError):
        group.attrs["a"] = 1


def test_everything_can_be_awaited(group):
    """The same steps, in an event loop."""

    async def change():
        made = await group.create_group.aio("x")
        await made.create_group.aio("y")
        await group.delete.aio("a")
        node = await group.get_node.aio("g/b")
        return [name for name, _ in await group.members.aio(None)], node.shape

    assert asyncio.run(change()) == (["g", "g/b", "x", "x/y"], (2, 2))


def test_the_repr_reads_nothing(group):
    """Name, format and place."""
    group.store.delete_prefix("top/")

    version = group.metadata.zarr_format
    assert repr(group) == f"<zarrpy.Group '/top' v{version} {group.store.label}>"


def test_the_repr_counts_attributes(store):
    """As there is no telling the members without reading."""
    group = zarrpy.create_group(store, attributes={"a": 1, "b": 2}, zarr_format=2)

    assert "'/' v2 2 attributes " in repr(group)


def test_who_deletes_what_is_not_there_is_told_how_to_look():
    """Not how opening would go."""
    group = zarrpy.create_group({})
    group.create_array("temperature", data=[1])

    for change in (
        lambda: group.delete("temperatur"),
        lambda: group.rename("temperatur", "t"),
        lambda: group.pop("temperatur"),
        lambda: zarrpy.delete(group.store, "temperatur"),
    ):
        with pytest.raises(NodeNotFoundError) as caught:
            change()
        assert "members()" in caught.value.hint
        assert "open" not in caught.value.hint
        assert caught.value.nearest == ["temperature"]
