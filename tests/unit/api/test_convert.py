"""Tests of `zarrpy.api.convert`: what was read before is read after, by the other format."""

import json

import numpy as np
import pytest

import zarrpy
from tests.unit.cut_off import NEW, OLD, cut_off
from zarrpy.errors import (
    ConflictError,
    MetadataError,
    NodeExistsError,
    ReadOnlyStoreError,
    ZarrError,
)
from zarrpy.stores import LocalStore, MemoryStore

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
    attributes = {"k": 1} | {n: v for n, v in array.attrs.items() if n[:1] != "_"}
    before = tell(array)
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


def test_neither_is_one_that_is_named_by_a_path_of_its_own(tmp_path):
    """The group lies beyond the store then."""
    zarrpy.create_group(tmp_path / "s").create_array("g/a", data=VALUES)
    zarrpy.consolidate_metadata(tmp_path / "s")

    with pytest.raises(MetadataError, match="has consolidated metadata"):
        zarrpy.convert(tmp_path / "s" / "g" / "a", zarr_format=2)
    assert zarrpy.verify_consolidated(tmp_path / "s") == ()


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
        ({"fill_value": "0x7fc00001", "dtype": "f4"}, "no words for a fill value that is a NaN"),
        ({"dtype": "complex_float16"}, "complex_float16"),
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


TWICE_TURNED = {"filters": {"name": "transpose", "configuration": {"order": [1, 0]}}, "order": "F"}
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
PACKED = {"name": "scale_offset", "configuration": {"scale": 2, "offset": 0}}
RECODED = {
    "shards": ({"shards": (4, 10), "chunks": (2, 5), "compressors": "zstd"}, "sharding_indexed"),
    "shards within shards": (
        {"shards": (4, 10), "chunks": (2, 5), "serializer": {
            "name": "sharding_indexed", "configuration": {
                "chunk_shape": [1, 5], "codecs": [LITTLE], "index_codecs": [LITTLE]}},
         "compressors": None},
        "sharding_indexed",
    ),
    "chunks of several lengths": ({"chunks": [[4, 2], 5]}, "chunks of different shapes"),
    "transposed twice": (TWICE_TURNED, "'transpose'"),
    "a codec of v3": ({"filters": PACKED, "chunks": (4, 4)}, "scale_offset"),
    "key suffix": (
        {"chunk_key_encoding": {"name": "zarrs.default_suffix", "configuration": {"suffix": ".x"}},
         "serializer": {"name": "packbits"}, "compressors": "gzip"},
        "packbits",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("keywords", "text"), RECODED.values(), ids=RECODED)
def test_values_are_stored_anew_where_their_bytes_have_no_form(store, keywords, text):
    """The old array is replaced when all of the new one is there."""
    array = zarrpy.create_array(store, data=VALUES, attributes={"a": 1}, **keywords)
    before = (array.shape, array.dtype, array[...].tobytes(), array.fill_value)

    (planned,) = zarrpy.convert(store, zarr_format=2, dry_run=True)
    (done,) = zarrpy.convert(store, zarr_format=2)
    there = zarrpy.open_array(store, zarr_format=2)

    assert planned == done
    assert done.action == "recode"
    assert text in done.reason
    assert (there.shape, there.dtype, there[...].tobytes(), there.fill_value) == before
    assert there.attrs.asdict() == {"a": 1}
    assert not [key for key in store.list() if key.startswith(("c/", "zarr.json", ".__"))]


def test_chunks_in_shards_become_chunks_with_the_same_codecs(store):
    """As far as the other format has them."""
    zarrpy.create_array(store, data=VALUES, shards=(6, 10), chunks=(2, 5),
                        compressors=["zstd:5", "crc32c"])  # fmt: skip

    zarrpy.convert(store, zarr_format=2)
    there = zarrpy.open_array(store)

    assert there.chunks == (2, 5)
    assert [codec.name for codec in there.codecs.codecs] == ["bytes", "zstd", "crc32c"]


def test_what_the_size_of_elements_tells_is_not_written_in_v2(store):
    """Readers of v2 know no typesize; one that is another one is kept, as it tells the writer."""
    cast = {"name": "cast_value", "configuration": {"data_type": "float64"}}
    root = zarrpy.create_group(store)
    root.create_array("same", data=VALUES.astype("i4"), compressors="blosc:lz4")
    root.create_array("cast", data=VALUES.astype("f4"), filters=[cast], compressors="blosc:lz4")
    root.create_array("shards", data=VALUES, chunks=(2, 5), shards=(6, 10), compressors="blosc:lz4")
    other = zarrpy.codecs.Blosc("lz4", typesize=3)
    root.create_array("other", data=VALUES.astype("u1"), compressors=other)

    zarrpy.convert(store, zarr_format=2)
    blosc = {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}
    found = {
        name: json.loads(bytes(store.get(f"{name}/.zarray")))["compressor"]
        for name in ("same", "cast", "shards", "other")
    }

    assert found.pop("other") == {**blosc, "typesize": 3}
    assert list(found.values()) == [blosc] * 3


@pytest.mark.parametrize("codec", ["categorize", "base64"])
def test_codecs_that_v3_does_not_have_are_left_out(store, codec):
    """What they stored is stored without them."""
    labels = {"id": "categorize", "labels": ["a", "b"], "dtype": "<U1", "astype": "|u1"}
    values = np.array(["a", "b", "a"])
    filters = [labels] if codec == "categorize" else [{"id": "base64"}]
    zarrpy.create_array(store, data=values, filters=filters, zarr_format=2)

    (done,) = zarrpy.convert(store, zarr_format=3)

    assert (done.action, codec in done.reason) == ("recode", True)
    assert zarrpy.open_array(store, zarr_format=3)[...].tolist() == values.tolist()


def test_a_refusal_names_what_recoding_cannot_help_with(store, contents):
    """Shards would become chunks; the bits of a fill value have no words in v2 at all."""
    zarrpy.create_array(
        store, shape=(4,), chunks=(2,), shards=(4,), dtype="f4", fill_value="0x7fc00001"
    )
    before = contents(store)

    with pytest.raises(MetadataError, match="a fill value that is a NaN"):
        zarrpy.convert(store, zarr_format=2)
    assert contents(store) == before


def test_fields_of_two_byte_orders_get_one_in_v3(contents):
    """Chunks that were left as they are could not be read by anybody."""
    values = np.array([(1, 2.5), (3, 4.5)], [("a", ">i4"), ("b", "<f8")])
    document = {
        "zarr_format": 2, "shape": [2], "chunks": [2], "order": "C",
        "fill_value": "AAAAAQAAAAAAAPg/",
        "dtype": [["a", ">i4"], ["b", "<f8"]], "compressor": None, "filters": None,
    }  # fmt: skip
    store = zarrpy.MemoryStore({".zarray": json.dumps(document).encode(), "0": values.tobytes()})
    before = contents(store)

    with pytest.raises(MetadataError, match="one byte order for all fields"):
        zarrpy.convert(store, zarr_format=3, recode=False)
    assert contents(store) == before
    (done,) = zarrpy.convert(store, zarr_format=3)
    assert done.action == "recode"
    array = zarrpy.open(store)
    assert array[...].tolist() == values.tolist()
    assert array.dtype == np.dtype([("a", "<i4"), ("b", "<f8")])
    assert array.fill_value.tolist() == (1, 1.5)


def test_without_recoding_what_needs_it_is_refused_by_name(store, contents):
    """So that no chunk is touched that need not be."""
    zarrpy.create_array(store, data=VALUES, shards=(6, 10), chunks=(2, 5))
    before = contents(store)

    with pytest.raises(ZarrError, match=r"sharding_indexed.* no form in Zarr v2"):
        zarrpy.convert(store, zarr_format=2, recode=False)
    assert contents(store) == before


def test_a_dry_run_tells_what_is_done_and_what_is_refused_and_why(store, contents):
    """Of every node, and raises nothing."""
    group = zarrpy.create_group(store)
    group.create_array("moved", data=VALUES)
    group.create_array("anew", data=VALUES, shards=(6, 10), chunks=(2, 5))
    group.create_array("never", shape=3, dtype="f4", fill_value="0x7fc00001")
    before = contents(store)

    told = {each.path: each for each in zarrpy.convert(store, zarr_format=2, dry_run=True)}

    assert {path: each.action for path, each in told.items()} == {
        "": "metadata", "moved": "move", "anew": "recode", "never": "refuse",
    }  # fmt: skip
    assert "sharding_indexed" in told["anew"].reason
    assert "NaN with other bits" in told["never"].reason
    assert contents(store) == before


def test_a_consolidated_hierarchy_is_recoded(store):
    """And consolidated anew."""
    zarrpy.create_group(store).create_array("g/a", data=VALUES, shards=(6, 10), chunks=(2, 5))
    zarrpy.consolidate_metadata(store)

    zarrpy.convert(store, zarr_format=2)

    assert zarrpy.verify_consolidated(store) == ()
    assert zarrpy.open_consolidated(store)["g/a"][...].tolist() == VALUES.tolist()


@pytest.mark.parametrize(("old", "new"), [(2, 3), (3, 2)])
def test_another_store_gets_the_converted_nodes(store, contents, old, new):
    """What they are converted from stays as it was."""
    group = zarrpy.create_group(store, zarr_format=old, attributes={"title": "x"})
    group.create_array("a", data=VALUES, chunks=(4, 4))
    group.create_array("below/b", data=VALUES, **({"shards": (6, 10)} if old == 3 else {}))
    before, there = contents(store), {}

    changes = zarrpy.convert(store, zarr_format=new, target=there)
    found = zarrpy.open_group(there, mode="r")

    assert [each.path for each in changes] == ["", "a", "below", "below/b"]
    assert contents(store) == before
    assert found.metadata.zarr_format == new
    assert found.attrs["title"] == "x"
    assert found["a"][...].tolist() == found["below/b"][...].tolist() == VALUES.tolist()


def test_another_store_must_be_empty(store):
    """Nothing is replaced by a conversion."""
    zarrpy.create_array(store, data=VALUES)
    there = {}
    zarrpy.create_group(there)

    with pytest.raises(NodeExistsError, match="already"):
        zarrpy.convert(store, zarr_format=2, target=there)


def test_a_recoding_that_fails_leaves_the_old_array(store, contents):
    """The new one is beside it until all of it is there."""
    zarrpy.create_array(store, data=VALUES, shards=(6, 10), chunks=(3, 5), compressors="zstd")
    damaged = bytearray(store.get("c/0/0"))
    damaged[5] ^= 255
    store.set("c/0/0", bytes(damaged))
    before = contents(store)

    with pytest.raises(ZarrError):
        zarrpy.convert(store, zarr_format=2)

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


def test_members_that_were_cut_off_are_put_back_and_converted():
    """They would be left in the format that nobody looks for then."""
    values = cut_off(lambda store: zarrpy.create_array(store, name="a", data=NEW, overwrite=True))
    before = dict(values)

    assert zarrpy.convert(values, zarr_format=2, dry_run=True) != ()
    assert values == before
    zarrpy.convert(values, zarr_format=2)

    found = zarrpy.open_group(values, mode="r")["a"]
    assert (found.metadata.zarr_format, found[...].tolist()) == (2, OLD.tolist())


@pytest.mark.parametrize("name", ["a", ""])
def test_what_others_stored_meanwhile_is_not_replaced(name):
    """An attribute that comes after the conversion has read the documents."""

    class Busy(MemoryStore):
        """A store in which somebody else has written when chunks are moved."""

        busy = False

        def set_many(self, keys, values):
            self.meddle()
            super().set_many(keys, values)

        def set(self, key, value):
            self.meddle()
            super().set(key, value)

        def meddle(self):
            if self.busy:
                self.busy = False
                zarrpy.open(self, path=name).attrs["new"] = 1

    store = Busy()
    group = zarrpy.create_group(store, attributes={"old": 1})
    group.create_array("a", data=np.arange(1, 9), chunks=4)
    store.busy = True

    with pytest.raises(ConflictError, match="somebody has changed the node") as caught:
        zarrpy.convert(store, zarr_format=2)

    assert "convert again" in str(caught.value)
    assert zarrpy.open(store, path=name).attrs["new"] == 1
    zarrpy.convert(store, zarr_format=2)
    assert zarrpy.open(store, path=name).attrs["new"] == 1
    assert zarrpy.open(store, path="a")[...].tolist() == list(range(1, 9))
    assert zarrpy.verify(store).ok
