"""Tests of `zarrpy.group`: looking around, members as attributes, what things cost."""

import asyncio
from collections.abc import ItemsView, KeysView, ValuesView

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    MetadataError,
    NodeKindError,
    NodeNotFoundError,
    UnsupportedExtensionError,
)


@pytest.fixture(params=[2, 3])
def group(request, store):
    """A group with an array, a group, and an array in that, of each format."""
    group = zarrpy.create_group(store, path="root", zarr_format=request.param)
    group.create_array("a", data=[1, 2, 3], chunks=2)
    group.create_array("g/b", data=[[1.0, 1.0], [1.0, 1.0]])
    return group


# ------------------------------------------------------------------------- looking for members


def test_members_are_found_by_patterns(group):
    """Paths relative to the group, groups before their members."""
    group.create_hierarchy({"run-1/t2m": [1], "run-2/t2m": [2], "run-2/mask": [3], "x/y/t": [4]})

    def found(glob):
        return [path for path, _ in group.walk(glob)]

    assert found("**/t*") == ["run-1/t2m", "run-2/t2m", "x/y/t"]
    assert found("run-*/mask") == ["run-2/mask"]
    assert found("g") == ["g"]
    assert found("run-2/*") == ["run-2/mask", "run-2/t2m"]
    assert found("nothing/**") == []
    assert found("**") == [path for path, _ in group.members(None)]
    with pytest.raises(MetadataError, match="pattern"):
        group.walk("../x")


def test_a_pattern_does_not_look_where_nothing_can_match(counting_store):
    """A name that it spells out is not even listed."""
    group = zarrpy.create_group(counting_store)
    group.create_hierarchy({f"g{i}/h/a": None for i in range(5)})
    counting_store.forget()

    assert [path for path, _ in group.walk("g3/*/a")] == ["g3/h/a"]

    assert counting_store.listed == ["g3/"]


def test_a_pattern_that_is_no_member_matches_nothing(store):
    """Files of others, documents, what lies below a file."""
    group = zarrpy.create_group(store)
    store.set("README.txt", b"1")

    for glob in ("README.txt", "README.txt/x", "zarr.json", "zarr.json/*"):
        assert group.walk(glob) == ()


def test_the_tree_never_looks_at_chunks(counting_store):
    """Groups are listed, arrays are not, however many there are."""
    group = zarrpy.create_group(counting_store)
    group.create_hierarchy({f"g/a{i}": {"data": range(4), "chunks": 1} for i in range(20)})
    counting_store.forget()

    lines = str(group.tree()).splitlines()

    assert len(lines) == 22
    assert counting_store.listed == ["", "g/"]
    assert len(counting_store.reads) == 2


def test_the_tree_ends_where_it_is_told_to(counting_store):
    """Groups that are not drawn are not looked into."""
    group = zarrpy.create_group(counting_store)
    group.create_hierarchy({f"g{i}/h/a": None for i in range(50)})
    counting_store.forget()

    lines = str(group.tree(max_nodes=4)).splitlines()

    assert len(lines) == 5
    assert lines[-1].endswith("at least 49 more, not drawn")
    assert len(counting_store.listed) <= 4
    counting_store.forget()
    assert len(str(group.tree(level=1)).splitlines()) == 51
    assert counting_store.listed == [""]


def test_nodes_are_told_apart_and_counted(group):
    """By kind; an array where a group was asked for is an error."""
    assert (group.get_array("a").path, group.get_group("g").path) == ("root/a", "root/g")
    with pytest.raises(NodeKindError, match="root/g"):
        group.get_array("g")
    with pytest.raises(NodeKindError, match="root/a"):
        group.get_group("a")
    assert [node.path for node in group.array_values()] == ["root/a"]
    assert [node.path for node in group.group_values()] == ["root/g"]
    assert (group.nmembers(), group.nmembers(None)) == (2, 3)
    assert "arrays" in str(group.info_complete())
    assert [node.path for node in group.require_groups("g", "new")] == ["root/g", "root/new"]


# ------------------------------------------------------------------------ members as attributes


def test_members_are_attributes_to_read(group):
    """As far as their names are not taken."""
    group["shape"] = [1]

    assert group.a[...].tolist() == [1, 2, 3]
    assert group.g.b.path == "root/g/b"
    assert group.path == "root"
    assert hasattr(group, "shape")
    assert not hasattr(group, "no_such")
    with pytest.raises(AttributeError, match="no_such"):
        group.no_such  # noqa: B018


def test_members_are_not_set_as_attributes(group, contents):
    """It would store nothing; the error says how to."""
    before = contents(group.store)

    with pytest.raises(AttributeError, match=r"group\['new'\] ="):
        group.new = [1]
    with pytest.raises(AttributeError):
        group.a = [1]

    assert contents(group.store) == before


def test_names_that_begin_with_an_underscore_ask_the_store_nothing(counting_store):
    """Notebooks and libraries look for many."""
    group = zarrpy.create_group(counting_store)
    counting_store.forget()

    for name in ("_repr_latex_", "__array__", "_ipython_display_", "__len__x"):
        assert not hasattr(group, name)

    assert counting_store.nrequests == 0


def test_dir_and_completion_list_the_members(group):
    """Those that are identifiers; a store in trouble is no trouble to who only looks around."""
    group["not-one"] = [1]

    assert {"a", "g", "members"} <= set(dir(group))
    assert "not-one" not in dir(group)
    assert group._ipython_key_completions_() == ["a", "g", "not-one"]
    group.store.delete_prefix("root/")
    assert "members" in dir(group)
    assert group._ipython_key_completions_() == []


# --------------------------------------------------------------------- the rest of the mapping


def test_a_mapping_can_be_changed_in_every_way(group):
    """As dictionaries can."""
    group.update({"x": [1], "y": [2]})
    assert group.setdefault("x", [9])[...].tolist() == [1]
    del group["y"]
    group.pop("x")
    assert sorted(group) == ["a", "g"]

    group.clear()

    assert (list(group), bool(len(group))) == ([], False)
    assert zarrpy.open_group(group.store, path="root").members() == ()


def described(value):
    """What is compared with a dictionary: the shape of an array, or of what becomes one."""
    if isinstance(value, zarrpy.Group):
        return "group"
    if isinstance(value, zarrpy.Array | list):
        return np.shape(value)
    if isinstance(value, tuple | dict | KeysView | ValuesView | ItemsView):
        return [described(each) for each in value]
    return value


CALLS = [
    ("keys",),
    ("values",),
    ("items",),
    ("get", "a"),
    ("get", "no such"),
    ("get", "..", 5),
    ("pop", "g"),
    ("pop", "no such", 5),
    ("popitem",),
    ("setdefault", "a", [9]),
    ("setdefault", "new", [9]),
    ("update", {"a": [7], "new": [8, 9]}),
    ("update", [("new", [8, 9])]),
    ("clear",),
]


@pytest.mark.parametrize("awaited", [False, True], ids=["called", "awaited"])
@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_a_group_does_what_a_dictionary_does(group, call, awaited):
    """Called or awaited, it gives the same and leaves the same."""
    oracle = dict(group.members())
    name, *args = call

    method = getattr(group, name)
    found = asyncio.run(method.aio(*args)) if awaited else method(*args)

    assert described(found) == described(getattr(oracle, name)(*args))
    assert dict(described(group.items())) == dict(described(oracle.items()))


def test_a_group_is_updated_by_another(group):
    """Of any store; arrays and groups are copied as they are stored."""
    other = zarrpy.create_group({})
    other["g/new"] = [1, 2]

    group.update(other, a=[5])

    assert [path for path, _ in group.members(None)] == ["a", "g", "g/new"]
    assert group["a"][...].tolist() == [5]


def test_what_is_not_there_cannot_be_taken(group):
    """A KeyError, and nothing else is deleted."""
    empty = group.create_group("empty")

    with pytest.raises(KeyError, match="root/no such"):
        group.pop("no such")
    with pytest.raises(KeyError, match="root/empty' is empty"):
        empty.popitem()
    assert list(group) == ["a", "empty", "g"]


def test_setting_an_array_copies_it_as_it_is_stored(group):
    """From any store, chunks and codecs and all; a group with what is below it."""
    other = zarrpy.create_group({})
    array = other.create_array(
        "q/r",
        data=[1, 2, 3],
        chunks=2,
        compressors="gzip:3",
        dimension_names=["x"],
        attributes={"units": "m"},
        fill_value=7,
    )

    group["copy"] = array
    group["all"] = other

    assert group["copy"].metadata == array.metadata
    assert (group["copy"].dimension_names, group["copy"].attrs["units"]) == (("x",), "m")
    assert group.store.get("root/copy/c/1") == other.store.get("q/r/c/1")
    assert group["copy"][...].tolist() == [1, 2, 3]
    assert group["all/q/r"][2] == 3


# ------------------------------------------------------------------ codecs that are not known


@pytest.fixture
def with_unknown_codec(group):
    """The group, with an array that has a codec that nobody has registered."""
    group.create_array("odd", data=[1, 2], compressors="gzip:1", attributes={"n": 1})
    name = "zarr.json" if group.metadata.zarr_format == 3 else ".zarray"
    document = bytes(group.store.get(f"root/odd/{name}"))
    group.store.set(f"root/odd/{name}", document.replace(b'"gzip"', b'"no-such"'))
    return group


def test_an_array_of_an_unknown_codec_is_an_error_when_it_is_reached_for(with_unknown_codec):
    """As when it is opened; not only when it is read."""
    group = with_unknown_codec
    for reach in (
        lambda: group["odd"],
        lambda: group.odd,
        lambda: group.get("odd"),
        lambda: group.get_array("odd"),
        lambda: group.setdefault("odd", [1]),
        lambda: group.require_array("odd", shape=2),
        lambda: zarrpy.open(group.store, path="root/odd"),
    ):
        with pytest.raises(UnsupportedExtensionError, match=r"root/odd/.*no-such"):
            reach()


def test_an_array_of_an_unknown_codec_is_listed_copied_moved_and_deleted(with_unknown_codec):
    """For which nothing has to be decoded."""
    group = with_unknown_codec
    listed = dict(group.members())["odd"]
    elsewhere = {}

    group.copy("odd", "copy")
    group.rename("odd", "moved")
    copied = zarrpy.copy(dict(group.items())["moved"], elsewhere)
    again = zarrpy.copy(elsewhere, group, "again")
    popped = group.pop("moved")
    del group["again"]

    assert listed.shape == copied.shape == again.shape == popped.shape == (2,)
    assert copied.attrs["n"] == 1
    assert list(group) == ["a", "copy", "g"]
    assert "copy" in str(group.tree())


# -------------------------------------------------------------------- what opening a node costs


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("kind", ["array", "group"])
def test_opening_a_node_reads_its_documents_and_nothing_else(counting_store, zarr_format, kind):
    """In one request; with the format given, no name but those of the format."""
    if kind == "array":
        zarrpy.create_array(counting_store, data=[1], zarr_format=zarr_format, attributes={"n": 1})
    else:
        zarrpy.create_group(counting_store, zarr_format=zarr_format, attributes={"n": 1})
    names = {2: {".zarray", ".zgroup", ".zattrs"}, 3: {"zarr.json"}}
    counting_store.forget()

    zarrpy.open(counting_store, mode="r", zarr_format=zarr_format, use_consolidated=False)
    zarrpy.open(counting_store, mode="r", use_consolidated=False)

    given, found = counting_store.reads
    assert set(given) == names[zarr_format]
    assert set(found) == names[2] | names[3]
    assert counting_store.nrequests == 2


def test_a_missing_node_takes_few_requests(counting_store):
    """However much is in the store."""
    zarrpy.create_hierarchy(counting_store, {f"g/a{i}": None for i in range(100)})
    counting_store.forget()

    with pytest.raises(NodeNotFoundError, match="g/a5"):
        zarrpy.open(counting_store, path="g/a500", mode="r")

    assert counting_store.nrequests <= 6


# ------------------------------------------------------------------------------- with blocks


def test_a_group_can_be_opened_for_a_block(tmp_path):
    """And an array; blocking or not."""
    with (
        zarrpy.open_group(tmp_path / "x", mode="w") as group,
        group.create_array("a", data=[1]) as array,
    ):
        assert array[0] == 1

    async def read():
        async with await zarrpy.open.aio(tmp_path / "x") as group:
            return list(group)

    assert asyncio.run(read()) == ["a"]


# ------------------------------------------------------------------------ zarr-python's names

#: Public members of `zarr.Group` 3.4.2, but for `synchronizer`, which does nothing there either,
#: and `update_attributes_async`, which is `update_attributes.aio`.
GROUP = """
array_keys array_values arrays attrs basename create create_array create_group create_hierarchy
empty empty_like from_store full full_like get get_array get_group group_keys group_values
groups info info_complete keys members metadata move name nmembers ones ones_like open path
read_only require_array require_group require_groups store store_path tree update_attributes
zeros zeros_like
"""

#: `zarr.__all__` of 3.4.2, but for the classes of its asynchronous half.
FUNCTIONS = """
Array Group __version__ array config consolidate_metadata copy copy_all copy_store create
create_array create_group create_hierarchy empty empty_like from_array full full_like group load
ones ones_like open open_array open_consolidated open_group open_like print_debug_info save
save_array save_group tree zeros zeros_like
"""


def test_groups_have_the_members_that_zarr_pythons_have(counting_store):
    """By the same names."""
    group = zarrpy.create_group(counting_store)
    counting_store.forget()

    missing = [name for name in GROUP.split() if not hasattr(group, name)]

    assert missing == []
    assert counting_store.nrequests == 0


def test_a_group_can_be_made_and_opened_by_its_class(store):
    """As zarr-python's."""
    zarrpy.Group.from_store(store, attributes={"n": 1})

    assert dict(zarrpy.Group.open(store).attrs) == {"n": 1}
    assert dict(asyncio.run(zarrpy.Group.open.aio(store)).attrs) == {"n": 1}


def test_the_package_has_the_functions_that_zarr_python_has():
    """By the same names."""
    assert [name for name in FUNCTIONS.split() if not hasattr(zarrpy, name)] == []
