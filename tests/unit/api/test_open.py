"""Tests of `zarrpy.api.open`."""

import asyncio
import json
import os
import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.nodes import MixedFormatsWarning
from zarrpy.errors import (
    ArrayNotFoundError,
    GroupNotFoundError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    NodeNotFoundError,
    ReadOnlyStoreError,
    ShapeMismatchError,
    StoreError,
    UnsupportedExtensionError,
    ZarrError,
)
from zarrpy.stores import LocalStore

OPENING = {
    "open": zarrpy.open,
    "open_array": zarrpy.open_array,
    "open_group": zarrpy.open_group,
    "load": zarrpy.load,
}


@pytest.fixture
def filled(store):
    """A store with a group, an array in it, and a group in it."""
    group = zarrpy.create_group(store)
    group.create_array("a", data=np.arange(4), chunks=2)
    group.create_group("g")
    return store


# ------------------------------------------------------------------------------- what is there


def test_open_finds_out_what_is_there(filled):
    """An array is an Array, a group a Group."""
    assert isinstance(zarrpy.open(filled), zarrpy.Group)
    assert isinstance(zarrpy.open(filled, path="a"), zarrpy.Array)
    assert isinstance(zarrpy.open(filled, path="/g/"), zarrpy.Group)


@pytest.mark.parametrize("opening", OPENING)
def test_opening_what_is_missing_creates_nothing(tmp_path, opening):
    """It is an error that is a FileNotFoundError and a KeyError, and names the place."""
    with pytest.raises(NodeNotFoundError) as caught:
        OPENING[opening](tmp_path / "nope.zarr")

    assert str(tmp_path / "nope.zarr") in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value, KeyError)
    assert os.listdir(tmp_path) == []


def test_the_error_names_what_is_like_the_missing_path(filled):
    """A typing error is seen at once."""
    zarrpy.open_group(filled).create_array("temperature", data=[1])

    with pytest.raises(NodeNotFoundError, match="'temperature'") as caught:
        zarrpy.open(filled, path="temprature")

    assert caught.value.nearest == ["temperature"]


def test_the_error_names_what_is_like_the_missing_directory(tmp_path):
    """Beside the directory that is not there."""
    zarrpy.create_group(tmp_path / "run1.zarr")

    with pytest.raises(NodeNotFoundError, match=r"nearest: .*run1\.zarr"):
        zarrpy.open(tmp_path / "run2.zarr")


def test_the_kind_that_was_asked_for_is_in_the_error(tmp_path):
    """An array or a group."""
    with pytest.raises(ArrayNotFoundError, match="no array"):
        zarrpy.open_array(tmp_path / "x")
    with pytest.raises(GroupNotFoundError, match="no group"):
        zarrpy.open_group(tmp_path / "x")


def test_the_other_kind_is_an_error_that_says_which(filled):
    """With what to do instead."""
    with pytest.raises(NodeKindError, match=r"group at .*open_group") as caught:
        zarrpy.open_array(filled)
    assert (caught.value.found, isinstance(caught.value, TypeError)) == ("group", True)
    with pytest.raises(NodeKindError, match=r"array at .*open_array") as caught:
        zarrpy.open_group(filled, path="a")
    assert caught.value.found == "array"


# --------------------------------------------------------------------------------------- modes


@pytest.mark.parametrize("mode", [None, "r+", "a"])
def test_these_modes_change_what_exists(filled, mode):
    """And replace nothing."""
    zarrpy.open(filled, path="a", mode=mode)[0] = 7

    assert zarrpy.open(filled, path="a")[...].tolist() == [7, 1, 2, 3]


def test_mode_r_refuses_every_change(filled, contents):
    """The array, the group, their attributes and all that is reached through them."""
    before = contents(filled)
    group = zarrpy.open_group(filled, mode="r")
    array = zarrpy.open_array(filled, path="a", mode="r")

    for change in [
        lambda: array.__setitem__(0, 1),
        lambda: array.write(..., 1),
        lambda: array.attrs.update(a=1),
        lambda: group.create_array("b", data=[1]),
        lambda: group.create_group("b"),
        lambda: group.require_group("b"),
        lambda: group.attrs.update(a=1),
        lambda: group.__delitem__("a"),
        lambda: group.__setitem__("b", [1]),
        lambda: group["a"].__setitem__(0, 1),
        lambda: group["g"].create_group("h"),
        lambda: dict(group.members())["a"].__setitem__(0, 1),
    ]:
        with pytest.raises(ReadOnlyStoreError, match=r"read-only.*r\+"):
            change()

    assert (array.read_only, group.read_only, group["a"].read_only) == (True, True, True)
    assert contents(filled) == before


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_these_modes_never_create(store, mode):
    """Even when all that an array needs is given."""
    with pytest.raises(NodeNotFoundError):
        zarrpy.open(store, mode=mode)
    with pytest.raises(NodeNotFoundError):
        zarrpy.open(store, mode=mode, shape=3, dtype="i4")
    with pytest.raises(NodeNotFoundError):
        zarrpy.open_group(store, mode=mode)

    assert list(store.list()) == []


def test_mode_a_creates_what_is_missing(store):
    """A group, or an array when a shape or data are given."""
    assert isinstance(zarrpy.open(store, mode="a"), zarrpy.Group)
    assert isinstance(zarrpy.open(store, mode="a", path="x", shape=3, dtype="i4"), zarrpy.Array)
    assert zarrpy.open(store, mode="a", path="x").shape == (3,)


def test_no_mode_creates_when_a_shape_or_data_are_given(store):
    """The second time it opens."""
    assert zarrpy.open(store, shape=3, dtype="i4").shape == (3,)
    assert zarrpy.open(store, shape=3, dtype="i4").dtype == np.dtype("i4")
    assert zarrpy.open_array({}, path="y", data=[1, 2])[...].tolist() == [1, 2]


def test_mode_w_replaces(filled):
    """With all that is below."""
    zarrpy.open(filled, mode="w", shape=2, dtype="i4")

    assert list(filled.list()) == ["zarr.json"]
    assert zarrpy.open(filled)[...].tolist() == [0, 0]


def test_mode_w_without_a_shape_makes_an_empty_group(filled):
    """For `open` as for `open_group`."""
    assert list(zarrpy.open(filled, mode="w")) == []
    assert list(zarrpy.open_group(filled, mode="w", attributes={"a": 1})) == []
    assert dict(zarrpy.open(filled).attrs) == {"a": 1}


def test_mode_w_of_an_array_without_a_shape_deletes_nothing(filled, contents):
    """The error comes before the old node goes."""
    before = contents(filled)

    with pytest.raises(MetadataError, match="shape"):
        zarrpy.open_array(filled, mode="w")

    assert contents(filled) == before


@pytest.mark.parametrize("mode", ["w-", "x"])
def test_mode_w_minus_creates_and_never_replaces(filled, contents, mode):
    """Something there is an error."""
    before = contents(filled)

    with pytest.raises(NodeExistsError):
        zarrpy.open(filled, mode=mode)
    with pytest.raises(NodeExistsError):
        zarrpy.open(filled, mode=mode, path="a", shape=3, dtype="i4")
    with pytest.raises(NodeExistsError):
        zarrpy.open_group(filled, mode=mode)
    assert contents(filled) == before
    assert isinstance(zarrpy.open(filled, mode=mode, path="new"), zarrpy.Group)


def test_mode_w_leaves_files_that_are_not_of_zarr(tmp_path):
    """A directory that is no node is not emptied."""
    (tmp_path / "thesis.txt").write_text("years of work")

    zarrpy.open(tmp_path, mode="w")

    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("mode", ["", "rw", "R", 3, "wb"])
def test_an_unknown_mode_is_a_value_error(filled, mode):
    """The modes there are are named."""
    with pytest.raises(ValueError, match=r"'r', 'r\+'"):
        zarrpy.open(filled, mode=mode)


@pytest.mark.parametrize("opening", [zarrpy.open, zarrpy.open_array])
@pytest.mark.parametrize("mode", [None, "r", "a"])
def test_a_misspelt_keyword_is_an_error_though_nothing_is_created(store, opening, mode):
    """Otherwise `moed="r"` would open for writing."""
    zarrpy.create_array(store, data=[1])

    with pytest.raises(TypeError, match=r"open.*'moed'. Did you mean 'mode'"):
        opening(store, mode=mode, moed="r")


@pytest.mark.parametrize("opening", [zarrpy.open, zarrpy.open_array, zarrpy.open_group])
@pytest.mark.parametrize("number", [4, "3", True])
def test_a_format_that_there_is_not_is_an_error(filled, opening, number):
    """It names the formats that there are."""
    with pytest.raises(MetadataError, match="zarr_format must be 2 or 3"):
        opening(filled, zarr_format=number)


@pytest.mark.parametrize("mode", ["w", "w-", "a"])
def test_a_read_only_store_cannot_be_created_in(tmp_path, mode):
    """Whatever the mode says."""
    store = LocalStore(tmp_path / "x", read_only=True)

    with pytest.raises(ReadOnlyStoreError):
        zarrpy.open(store, mode=mode)
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.open(store, mode=mode, shape=3, dtype="i4")

    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------------------------- formats


def both_formats(store):
    """Make a node with documents of both formats, that tell different shapes."""
    zarrpy.create_array(store, shape=2, dtype="i4", zarr_format=2)
    document = store.get(".zarray")
    zarrpy.create_array(store, shape=3, dtype="i4", zarr_format=3, overwrite=True)
    store.set(".zarray", document)


def test_where_both_formats_stand_v3_is_used_with_one_warning(store):
    """One look at one node gives one warning, which says how to get the other."""
    both_formats(store)

    with pytest.warns(MixedFormatsWarning, match="node at '/'.*zarr_format=2") as caught:
        array = zarrpy.open(store)

    assert len(caught) == 1
    assert (array.metadata.zarr_format, array.shape) == (3, (3,))


def test_where_both_formats_stand_each_can_be_asked_for(store):
    """Without a warning."""
    both_formats(store)

    assert zarrpy.open(store, zarr_format=2).shape == (2,)
    assert zarrpy.open(store, zarr_format=3).shape == (3,)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("opening", [zarrpy.open, zarrpy.open_array, zarrpy.open_group])
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_format_that_is_not_there_is_not_found(store, zarr_format, opening, mode):
    """The other one does not step in, but is told of."""
    if opening is zarrpy.open_group:
        zarrpy.create_group(store, path="g/n", zarr_format=5 - zarr_format)
    else:
        zarrpy.create_array(store, name="g/n", data=[1], zarr_format=5 - zarr_format)

    with pytest.raises(NodeNotFoundError) as caught:
        opening(store, path="g/n", mode=mode, zarr_format=zarr_format)

    told = str(caught.value)
    assert f"of Zarr v{zarr_format} at " in told
    assert f"g/n': there is a node of Zarr v{5 - zarr_format} -> leave zarr_format out" in told


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_format_is_found_out(store, zarr_format):
    """Nobody has to say it."""
    zarrpy.create_array(store, data=[1, 2], zarr_format=zarr_format)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert zarrpy.open(store).metadata.zarr_format == zarr_format


# -------------------------------------------------------------------------------- bad documents

BAD = {
    "not JSON": (b"{", "zarr.json"),
    "not text": (b"\xff\xfe", "zarr.json"),
    "empty": (b"", "zarr.json"),
    "a list": (b"[]", "zarr.json"),
    "no members": (b"{}", "zarr_format"),
    "another format": (b'{"zarr_format": 4, "node_type": "array"}', "zarr_format"),
    "another node": (b'{"zarr_format": 3, "node_type": "table"}', "node_type"),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("mode", [None, "r", "r+", "a"])
def test_a_broken_document_is_an_error_and_stays(store, contents, what, mode):
    """It names the document; opening never repairs and never creates over it."""
    data, match = BAD[what]
    store.set("a/zarr.json", data)
    before = contents(store)

    with pytest.raises(MetadataError, match=match) as caught:
        zarrpy.open(store, path="a", mode=mode)

    assert "a" in str(caught.value)
    assert contents(store) == before


def test_an_error_in_a_document_says_in_which_directory(tmp_path):
    """A key alone could be of any store."""
    group = zarrpy.create_group(tmp_path / "run.zarr")
    group.create_array("a", data=[1])
    (tmp_path / "run.zarr/a/zarr.json").write_text("{")

    with pytest.raises(MetadataError) as caught:
        zarrpy.open(tmp_path / "run.zarr", path="a")

    assert caught.value.path == str(tmp_path / "run.zarr/a/zarr.json")
    assert caught.value.path in str(caught.value)


def test_an_unknown_codec_is_said_to_be_in_its_array(tmp_path):
    """By its document."""
    changed(LocalStore(tmp_path / "a.zarr"), codecs=[LITTLE, {"name": "no-such"}])

    with pytest.raises(UnsupportedExtensionError) as caught:
        zarrpy.open(tmp_path / "a.zarr")

    assert str(caught.value).startswith(f"{tmp_path / 'a.zarr' / 'zarr.json'}: codecs[1]: ")


def test_a_document_that_is_no_file_is_an_error_that_says_where(tmp_path):
    """Store and key."""
    (tmp_path / "zarr.json").mkdir()

    with pytest.raises(StoreError, match="not a regular file") as caught:
        zarrpy.open(tmp_path)

    assert "zarr.json" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}


def changed(store, **members):
    """Change members of a valid document."""
    zarrpy.create_array(store, shape=(4, 4), dtype="i4", chunks=(2, 2))
    document = json.loads(bytes(store.get("zarr.json")))
    document.update(members)
    store.set("zarr.json", json.dumps(document).encode())


@pytest.mark.parametrize(
    ("members", "error", "match"),
    [
        (
            {"codecs": [LITTLE, {"name": "no-such"}]},
            UnsupportedExtensionError,
            "no-such",
        ),
        ({"data_type": "no-such"}, UnsupportedExtensionError, "no-such"),
        ({"chunk_grid": {"name": "no-such"}}, UnsupportedExtensionError, "no-such"),
        ({"chunk_key_encoding": {"name": "no-such"}}, UnsupportedExtensionError, "no-such"),
        ({"storage_transformers": [{"name": "no-such"}]}, MetadataError, "no-such"),
        ({"no-such": {"a": 1}}, MetadataError, "no-such"),
        ({"shape": [4, -1]}, MetadataError, "shape"),
        ({"shape": [4, 4.5]}, MetadataError, "shape"),
        ({"shape": [4]}, MetadataError, "dimensions"),
        ({"fill_value": "x"}, MetadataError, "fill_value"),
        ({"codecs": []}, MetadataError, "codecs"),
        ({"codecs": [{"name": "zstd", "configuration": {"level": 1}}]}, MetadataError, "codecs"),
        ({"dimension_names": ["x"]}, MetadataError, "dimension_names"),
        ({"attributes": []}, MetadataError, "attributes"),
    ],
)
def test_a_document_that_cannot_be_understood_is_named(store, contents, members, error, match):
    """At opening, not at the first read; nothing is changed."""
    changed(store, **members)
    before = contents(store)

    with pytest.raises(error, match=match) as caught:
        zarrpy.open(store)

    assert isinstance(caught.value, ValueError)
    assert contents(store) == before


def test_an_unknown_member_that_need_not_be_understood_is_kept(store):
    """It survives a change of the attributes."""
    changed(store, future={"must_understand": False, "a": 1})

    zarrpy.open(store).attrs["b"] = 2

    document = json.loads(bytes(store.get("zarr.json")))
    assert document["future"] == {"must_understand": False, "a": 1}
    assert document["attributes"] == {"b": 2}


def test_opening_can_be_awaited(filled):
    """The same steps, in an event loop."""

    async def look():
        array = await zarrpy.open.aio(filled, path="a")
        return await array.read.aio(slice(1, 3))

    assert asyncio.run(look()).tolist() == [1, 2]


def test_awaiting_what_is_missing_is_the_same_error(tmp_path):
    """With the same words."""
    with pytest.raises(NodeNotFoundError, match="nope"):
        asyncio.run(zarrpy.open.aio(tmp_path / "nope.zarr"))


# ---------------------------------------------------------------------------- as it is described


@pytest.mark.parametrize("mode", [None, "a", "r", "r+"])
@pytest.mark.parametrize("opening", [zarrpy.open, zarrpy.open_array])
def test_an_array_that_is_not_as_described_is_refused(filled, contents, opening, mode):
    """Its shape and its data type are named, and those that were asked for."""
    before = contents(filled)

    with pytest.raises(ShapeMismatchError, match=r"a' has shape \(4,\), not \(3, 2\)") as shape:
        opening(filled, path="a", mode=mode, shape=(3, 2), dtype="i8")
    with pytest.raises(NodeKindError, match=r"a' has data type int64, not float32.*mode='w'"):
        opening(filled, path="a", mode=mode, shape=4, dtype="f4")
    with pytest.raises(TypeError, match="int64, not float64"):
        opening(filled, path="a", mode=mode, data=np.zeros(4))

    assert (shape.value.expected, shape.value.actual) == ((3, 2), (4,))
    assert contents(filled) == before


@pytest.mark.parametrize("how", [{"shape": 4}, {"shape": (4,), "dtype": ">i8"}, {"dtype": "i8"}])
def test_an_array_that_is_as_described_is_opened(filled, how):
    """What is not said is as it is; the byte order in files does not matter."""
    assert zarrpy.open_array(filled, path="a", mode="a", **how)[...].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("opening", [zarrpy.open, zarrpy.open_group, zarrpy.open_array])
def test_the_error_of_a_mode_speaks_of_modes(filled, opening):
    """There is no `overwrite` in sight of who wrote ``mode="w-"``."""
    keywords = {} if opening is zarrpy.open_group else {"shape": 3}

    with pytest.raises(NodeExistsError, match=r"mode='w-' never replaces.*mode='r\+'") as caught:
        opening(filled, mode="w-", **keywords)

    assert "overwrite" not in str(caught.value)


def test_errors_of_members_say_in_which_directory_they_are(tmp_path):
    """A group may be one of many with members of these names."""
    group = zarrpy.create_group(tmp_path / "x")
    group["a"] = [1]
    broken = group.create_array("b", data=[1])
    LocalStore(tmp_path / "x").set("b/zarr.json", b"{")

    for reach in (
        lambda: group["no such"],
        lambda: group["b"],
        lambda: group.create_array("a", shape=1, dtype="i4"),
        lambda: group.require_group("a"),
        lambda: group.require_array("a", shape=3),
        lambda: group.move("a", "b"),
        lambda: broken.attrs.update(a=1),
    ):
        with pytest.raises(ZarrError, match=str(tmp_path / "x")):
            reach()


def test_a_warning_points_at_the_line_that_opened(store):
    """Not into the library, however the node was reached."""
    both_formats(store)
    group = zarrpy.create_group({})

    for look in (lambda: zarrpy.open(store), lambda: group.create_group("a?b")):
        with pytest.warns(UserWarning, match="both|v3|Windows") as caught:
            look()
        assert caught[0].filename == __file__


def test_loading_and_saving_can_be_awaited(tmp_path):
    """As everything else that reads or writes."""

    async def work():
        await zarrpy.save.aio(tmp_path / "one", [1, 2])
        await zarrpy.save_group.aio(tmp_path / "two", a=[1], b=[2])
        await zarrpy.save_array.aio(tmp_path / "three", zarrpy.open(tmp_path / "one"))
        group = await zarrpy.open_group.aio(tmp_path / "two")
        await group.create_array.aio("c", data=[3])
        await group.require_array.aio("d", shape=1, dtype="i8")
        return await zarrpy.load.aio(tmp_path / "two"), await zarrpy.load.aio(tmp_path / "three")

    two, three = asyncio.run(work())

    assert {name: values.tolist() for name, values in two.items()} == {
        "a": [1],
        "b": [2],
        "c": [3],
        "d": [0],
    }
    assert three.tolist() == [1, 2]
