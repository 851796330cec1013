"""Tests of `zarrpy.api.convert`: what was read before is read after, by the other format."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, ReadOnlyStoreError, ZarrError
from zarrpy.stores import LocalStore

VALUES = np.arange(60).reshape(6, 10)
NAN = np.array([1.5, np.nan, -0.0, np.inf])

ARRAYS = {
    "plain": {"data": VALUES, "chunks": (2, 5), "compressors": None},
    "default codecs": {"data": VALUES.astype("f4"), "chunks": (4, 4)},
    "big endian": {"data": VALUES.astype(">i4"), "chunks": (4, 4)},
    "order F": {"data": VALUES, "chunks": (2, 5), "order": "F"},
    "zlib": {"data": VALUES, "compressors": "zlib"},
    "blosc": {"data": VALUES, "compressors": "blosc:lz4:5:bitshuffle"},
    "fill value": {"data": NAN, "fill_value": np.nan},
    "dimension names": {"data": VALUES, "dimension_names": ("y", "x")},
    "attributes": {"data": VALUES, "attributes": {"a": [1, None], "b": {"c": 1.5}}},
    "no dimensions": {"data": np.int8(3)},
    "dates": {"data": np.array(["2001-01-01", "NaT"], "M8[D]")},
    "partly empty": {"data": VALUES * (VALUES < 20), "chunks": (1, 10)},
}


def tell(array):
    """What an array says, and its values bit for bit."""
    return (
        array.shape, array.dtype, array.chunks, array.dimension_names, array.order,
        array[...].tobytes(),
        np.asarray(array.fill_value).tobytes(),
    )  # fmt: skip


@pytest.mark.parametrize("keywords", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize(("old", "new"), [(2, 3), (3, 2)])
def test_an_array_says_the_same_in_the_other_format(store, keywords, old, new):
    """And there and back again; no document of the old format is left."""
    array = zarrpy.create_array(store, zarr_format=old, **keywords)
    before, attributes = tell(array), {"k": 1, **array.attrs.asdict()}
    array.attrs["k"] = 1

    zarrpy.convert(store, zarr_format=new)
    there = zarrpy.open_array(store)

    assert there.metadata.zarr_format == new
    assert tell(there) == before
    assert {n: v for n, v in there.attrs.items() if n[:1] != "_"} == attributes
    documents = {"zarr.json", ".zarray", ".zattrs"} & set(store.list())
    assert documents == ({"zarr.json"} if new == 3 else {".zarray", ".zattrs"})
    zarrpy.convert(store, zarr_format=old)
    assert tell(zarrpy.open_array(store, zarr_format=old)) == before


@pytest.mark.parametrize("separator", [".", "/"])
def test_chunks_stay_where_both_formats_have_their_keys(store, contents, separator):
    """To v3 always, and to v2 where v3 used its keys."""
    encoding = {"name": "v2", "separator": separator}
    zarrpy.create_array(store, data=VALUES, chunks=2, zarr_format=2, chunk_key_encoding=encoding)
    chunks = {k: v for k, v in contents(store).items() if not k.startswith(".z")}

    (there,) = zarrpy.convert(store, zarr_format=3)
    middle = {k: v for k, v in contents(store).items() if k != "zarr.json"}
    (back,) = zarrpy.convert(store, zarr_format=2)

    assert not there.moves_chunks
    assert not back.moves_chunks
    assert middle == chunks == {k: v for k, v in contents(store).items() if not k.startswith(".z")}


def test_chunks_are_moved_from_keys_that_v2_does_not_have(store):
    """As bytes, nothing decoded."""
    zarrpy.create_array(store, data=VALUES, chunks=(3, 5))
    old = {key: bytes(store.get(key)) for key in store.list("c/")}

    (change,) = zarrpy.convert(store, zarr_format=2)

    assert change.moves_chunks
    assert list(store.list("c/")) == []
    assert {key: bytes(store.get(key.removeprefix("c/"))) for key in old} == old


def test_a_hierarchy_is_converted_with_all_that_is_below_it(store):
    """Groups, members of groups, attributes; what has the format already stays."""
    root = zarrpy.create_group(store, zarr_format=2, attributes={"title": "x"})
    root.create_array("a", data=VALUES)
    root.create_array("below/b", data=VALUES, attributes={"u": 1})

    changes = zarrpy.convert(store, zarr_format=3)
    opened = zarrpy.open_group(store, zarr_format=3)

    assert [each.path for each in changes] == ["", "a", "below", "below/b"]
    assert [path for path, _ in opened.members(max_depth=None)] == ["a", "below", "below/b"]
    assert opened.attrs["title"] == "x"
    assert opened["below/b"].attrs["u"] == 1
    assert zarrpy.convert(store, zarr_format=3) == ()
    assert not [key for key in store.list() if key.rpartition("/")[2].startswith(".z")]


@pytest.mark.parametrize(("old", "new"), [(2, 3), (3, 2)])
def test_consolidated_metadata_are_made_anew(store, old, new):
    """In the words of the new format, and true."""
    zarrpy.create_group(store, zarr_format=old).create_array("a", data=VALUES)
    zarrpy.consolidate_metadata(store)

    zarrpy.convert(store, zarr_format=new)

    assert zarrpy.verify_consolidated(store) == ()
    assert zarrpy.open_consolidated(store)["a"].metadata.zarr_format == new


def test_a_part_of_a_consolidated_hierarchy_is_not_converted_alone(store, contents):
    """The group above could not name it any more."""
    zarrpy.create_group(store).create_array("g/a", data=VALUES)
    zarrpy.consolidate_metadata(store)
    before = contents(store)

    with pytest.raises(MetadataError, match="'/' has consolidated metadata"):
        zarrpy.convert(store, "g/a", zarr_format=2)
    assert contents(store) == before


def test_handles_see_what_was_converted(store):
    """Consolidated metadata of the other format are those of another handle."""
    zarrpy.create_group(store).create_array("a", data=VALUES)
    zarrpy.consolidate_metadata(store)

    zarrpy.convert(store, zarr_format=2)

    assert zarrpy.open_group(store)["a"][...].tolist() == VALUES.tolist()


def test_a_dry_run_changes_nothing(store, contents):
    """But says what would be done."""
    zarrpy.create_array(store, name="a", data=VALUES)
    before = contents(store)

    changes = zarrpy.convert(store, zarr_format=2, dry_run=True)

    assert [(each.path, each.moves_chunks) for each in changes] == [("", False), ("a", True)]
    assert contents(store) == before


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"chunks": [[10, 20], 5]}, "no words for chunks of different shapes"),
        ({"fill_value": "0x7fc00001", "dtype": "f4"}, "no words for a fill value that is a NaN"),
        (
            {"filters": {"name": "transpose", "configuration": {"order": [1, 0]}}, "order": "F"},
            "no words for the codec 'transpose'",
        ),
    ],
)
def test_what_the_other_format_cannot_say_is_refused_by_name(store, contents, keywords, text):
    """Before anything is changed, also of what could be converted."""
    zarrpy.create_array(store, name="a", data=VALUES)
    zarrpy.create_array(store, name="z", **{"shape": (30, 5), "dtype": "i4", **keywords})
    before = contents(store)

    with pytest.raises(ZarrError, match=text) as caught:
        zarrpy.convert(store, zarr_format=2)

    assert any("nothing was converted" in note for note in caught.value.__notes__)
    assert contents(store) == before


def test_only_the_two_formats_are_converted_to(store):
    """By number."""
    with pytest.raises(MetadataError, match="zarr_format must be 2 or 3"):
        zarrpy.convert(store, zarr_format=1)


def test_a_store_that_may_not_be_changed_is_not_converted(tmp_path):
    """A dry run is."""
    zarrpy.create_array(tmp_path / "x", data=[1])
    store = LocalStore(tmp_path / "x", read_only=True)

    assert len(zarrpy.convert(store, zarr_format=2, dry_run=True)) == 1
    with pytest.raises(ReadOnlyStoreError):
        zarrpy.convert(store, zarr_format=2)
