"""Tests of `zarrpy.api.create`."""

import asyncio
import json
import os

import numcodecs
import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    AttributeNotJSONError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    ReadOnlyStoreError,
    UnsupportedExtensionError,
)
from zarrpy.stores import LocalStore, MemoryStore


def test_an_array_is_created_empty(store, body):
    """Nothing but its metadata is stored; every element is the fill value."""
    array = zarrpy.create_array(store, shape=(3, 4), dtype="i2", chunks=(2, 2), fill_value=7)

    assert array[...].tolist() == [[7] * 4] * 3
    assert list(store.list()) == ["zarr.json"]


def test_an_array_is_created_of_data(store, body):
    """The data give shape and type, and are written."""
    data = np.arange(12, dtype=">u2").reshape(3, 4)

    array = zarrpy.create_array(store, data=data, chunks=2)

    assert (array.shape, array.dtype) == ((3, 4), np.dtype("u2"))
    assert np.array_equal(zarrpy.open(store)[...], data)


@pytest.mark.parametrize("data", [[], [[], []], range(3), memoryview(b"abc")])
def test_data_are_whatever_numpy_makes_an_array_of(store, data):
    """Shape, type and values are those of `numpy.asarray`."""
    expected = np.asarray(data)

    array = zarrpy.create_array(store, data=data)

    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(array[...], expected)


def test_data_need_not_be_written(store):
    """`write_data=False` takes only shape and type of them."""
    array = zarrpy.create_array(store, data=np.ones(3, "f4"), write_data=False)

    assert (array.shape, array.dtype) == ((3,), np.dtype("f4"))
    assert list(store.list()) == ["zarr.json"]


def test_a_dtype_beside_the_data_converts_them(store):
    """As `numpy.asarray` does."""
    assert zarrpy.create_array(store, data=[1, 2], dtype="f4")[...].dtype == np.dtype("f4")


@pytest.mark.parametrize("data", [[300], [[1, 2]], "text", [1j]])
def test_data_that_do_not_fit_leave_nothing(store, data):
    """They are converted before anything is stored."""
    with pytest.raises((ValueError, TypeError, OverflowError)):
        zarrpy.create_array(store, data=data, shape=(1,), dtype="u1")

    assert list(store.list()) == []


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_groups_on_the_way_are_created(store, zarr_format):
    """Of the same format; a name is a path below the store."""
    zarrpy.create_array(store, name="a/b/c", shape=1, dtype="i1", zarr_format=zarr_format)

    assert zarrpy.open_group(store).metadata.zarr_format == zarr_format
    assert zarrpy.open_group(store, path="a/b").metadata.zarr_format == zarr_format
    assert zarrpy.open_array(store, path="a/b/c").shape == (1,)


def test_an_array_on_the_way_is_an_error(store, contents):
    """Nothing lies below an array; nothing is changed."""
    zarrpy.create_array(store, name="a", shape=1, dtype="i1")
    before = contents(store)

    with pytest.raises(NodeKindError, match="'a'"):
        zarrpy.create_array(store, name="a/b", shape=1, dtype="i1")
    with pytest.raises(NodeKindError):
        zarrpy.create_group(store, path="a/b/c")

    assert contents(store) == before


@pytest.mark.parametrize("kind", ["array", "group"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_is_there_is_not_replaced(store, contents, kind, zarr_format):
    """Neither an array nor a group, of whichever format; the error names the path."""
    if kind == "array":
        zarrpy.create_array(store, name="a", data=[1], zarr_format=zarr_format)
    else:
        zarrpy.create_group(store, path="a", zarr_format=zarr_format)
    before = contents(store)

    with pytest.raises(NodeExistsError, match="a'"):
        zarrpy.create_array(store, name="a", shape=1, dtype="i1")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        zarrpy.create_group(store, path="a")

    assert contents(store) == before


def test_overwrite_replaces_a_node_with_all_below_it(store):
    """Chunks of the old array do not show up in the new one, and neighbours stay."""
    zarrpy.create_array(store, name="a/b", data=[1, 2, 3])
    zarrpy.create_array(store, name="ab", data=[1])

    zarrpy.create_array(store, name="a", shape=3, dtype="i8", overwrite=True)

    assert zarrpy.open_array(store, path="a")[...].tolist() == [0, 0, 0]
    assert sorted(store.list()) == ["a/zarr.json", "ab/c/0", "ab/zarr.json", "zarr.json"]


@pytest.mark.parametrize(("old", "new"), [(2, 3), (3, 2)])
def test_overwrite_replaces_a_node_of_the_other_format(store, old, new):
    """No document of the old format is left to be found."""
    zarrpy.create_array(store, data=[1], attributes={"a": 1}, zarr_format=old)

    zarrpy.create_array(store, data=[2], zarr_format=new, overwrite=True)

    again = zarrpy.open_array(store)
    assert (again.metadata.zarr_format, again[...].tolist(), dict(again.attrs)) == (new, [2], {})


@pytest.mark.parametrize(
    ("keywords", "error", "match"),
    [
        ({"shape": None}, MetadataError, "shape"),
        ({"dtype": None}, MetadataError, "dtype"),
        ({"shape": -1}, MetadataError, "shape"),
        ({"shape": 2**63}, MetadataError, "shape"),
        ({"shape": 1.5}, MetadataError, "shape"),
        ({"shape": "3"}, MetadataError, "shape"),
        ({"shape": (3, None)}, MetadataError, "shape"),
        ({"shape": (1,) * 65}, MetadataError, "shape"),
        ({"dtype": "no such type"}, UnsupportedExtensionError, "no such type"),
        ({"dtype": object}, UnsupportedExtensionError, "object"),
        ({"dtype": "O"}, UnsupportedExtensionError, "object"),
        ({"dtype": "S"}, MetadataError, "give a length"),
        ({"chunks": 0}, MetadataError, "chunks"),
        ({"chunks": (1, 2)}, MetadataError, "chunks"),
        ({"chunks": "many"}, MetadataError, "chunks"),
        ({"chunks": -2}, MetadataError, "chunks"),
        ({"shards": (4,), "chunks": (3,)}, MetadataError, "divide the shape of the shard"),
        ({"shards": (4, 4)}, MetadataError, "shards"),
        ({"shards": "many"}, MetadataError, "shards"),
        ({"shards": {"index_location": "end"}}, MetadataError, "shape"),
        ({"shards": {"shape": 4, "index_location": "top"}}, MetadataError, "index_location"),
        ({"shards": (4,), "zarr_format": 2}, MetadataError, "v2 has no shards"),
        ({"fill_value": 1.5}, MetadataError, "fill_value"),
        ({"fill_value": 2**40}, MetadataError, "fill_value"),
        ({"fill_value": "x"}, MetadataError, "fill_value"),
        ({"compressors": "no-such"}, UnsupportedExtensionError, "no-such"),
        ({"compressors": "zstd:99"}, MetadataError, "zstd.level"),
        ({"compressors": "zstd:1:true:3"}, MetadataError, "3 parameters"),
        ({"compressors": {"name": "zstd", "configuration": {"lvl": 1}}}, MetadataError, "lvl"),
        ({"compressors": 3}, MetadataError, "compressors"),
        ({"compressors": ["bytes"]}, MetadataError, "codecs"),
        ({"serializer": "zstd"}, MetadataError, "serializer"),
        ({"order": "K"}, MetadataError, "order"),
        ({"zarr_format": 4}, MetadataError, "zarr_format"),
        ({"dimension_names": ("x", "y")}, MetadataError, "dimension_names"),
        ({"dimension_names": (3,)}, MetadataError, "dimension_names"),
        ({"chunk_key_encoding": {"name": "no such"}}, MetadataError, "no such"),
        ({"chunk_key_encoding": {"name": "v2", "separator": "-"}}, MetadataError, "separator"),
        ({"attributes": {"a": {"b": object()}}}, AttributeNotJSONError, r"\['a'\]\['b'\]"),
        ({"config": {"no_such": 1}}, TypeError, "no_such"),
        ({"name": "../a"}, MetadataError, r"\.\."),
        ({"name": "a//b"}, MetadataError, "a//b"),
        ({"name": "__a"}, MetadataError, "__a"),
        ({"name": "zarr.json"}, MetadataError, "zarr.json"),
        ({"zarr_format": 2, "chunk_key_encoding": {"name": "default"}}, MetadataError, "v2"),
        ({"chunk": 3}, TypeError, "Did you mean 'chunks'"),
        ({"compressor": "zstd", "compressors": "gzip"}, TypeError, "twice"),
    ],
)
def test_bad_keywords_are_named_and_leave_nothing(store, keywords, error, match):
    """Each is an error that says which, and the store stays as it was."""
    keywords = {"shape": 4, "dtype": "i4", **keywords}

    with pytest.raises(error, match=match):
        zarrpy.create_array(store, **keywords)

    assert list(store.list()) == []


def test_a_bad_keyword_does_not_delete_what_would_be_overwritten(store, contents):
    """All is checked before the old node goes."""
    zarrpy.create_array(store, data=[1, 2])
    before = contents(store)

    with pytest.raises(UnsupportedExtensionError):
        zarrpy.create_array(store, shape=3, dtype="i4", compressors="no-such", overwrite=True)
    nan = np.array(0x7FC00001, "u4").view("f4")[()]
    with pytest.raises(MetadataError, match="NaN"):
        zarrpy.create_array(store, shape=3, dtype="f4", fill_value=nan, zarr_format=2, overwrite=1)
    with pytest.raises(AttributeNotJSONError):
        zarrpy.create_group(store, attributes={"a": object()}, overwrite=True)

    assert contents(store) == before


def test_a_read_only_store_is_not_created_in(tmp_path):
    """Neither arrays nor groups, nor a directory for them."""
    store = LocalStore(tmp_path / "x.zarr", read_only=True)

    with pytest.raises(ReadOnlyStoreError):
        zarrpy.create_array(store, data=[1])
    with pytest.raises(PermissionError):
        zarrpy.create_group(store)

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["chunk_shape", "chunks"])
def test_chunks_may_be_called_by_their_older_name(name):
    """Keywords of older libraries are taken."""
    assert zarrpy.create_array({}, shape=4, dtype="i1", **{name: 2}).chunks == (2,)


def test_a_compressor_may_be_called_by_its_older_name():
    """`compressor=` of Zarr v2 is the one of `compressors=`."""
    array = zarrpy.create_array({}, shape=4, dtype="i1", compressor="gzip:3", zarr_format=2)

    assert [codec.name for codec in array.compressors] == ["gzip"]


def test_a_dimension_separator_is_a_chunk_key_encoding(store):
    """As Zarr v2 calls it."""
    zarrpy.create_array(store, data=[[1]], dimension_separator="/", zarr_format=2)

    assert "0/0" in list(store.list())


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (None, "c/0/0"),
        (".", "c.0.0"),
        ({"name": "default", "separator": "."}, "c.0.0"),
        ({"name": "v2"}, "0.0"),
        ({"name": "v2", "separator": "/"}, "0/0"),
        ({"name": "v2", "configuration": {"separator": "/"}}, "0/0"),
    ],
)
def test_keys_of_chunks_are_as_asked(store, body, given, key):
    """In every spelling of the encoding; chunks are found again."""
    zarrpy.create_array(store, data=[[5]], chunk_key_encoding=given)

    assert key in list(store.list())
    assert zarrpy.open(store)[0, 0] == 5


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_is_created_is_what_is_opened(store, zarr_format):
    """Every keyword is in the documents."""
    zarrpy.create_array(
        store, shape=(4, 6), dtype=">f4", chunks=(2, 3), fill_value=-1, order="F",
        compressors="zstd:5", attributes={"a": [1, None]}, zarr_format=zarr_format,
        dimension_names=("y", "x"),
    )  # fmt: skip

    array = zarrpy.open_array(store)

    assert (array.shape, array.dtype, array.chunks) == ((4, 6), np.dtype("f4"), (2, 3))
    assert (array.fill_value, array.order, array.serializer.endian) == (-1, "F", "big")
    assert [(codec.name, codec.level) for codec in array.compressors] == [("zstd", 5)]
    assert (dict(array.attrs)["a"], array.dimension_names) == ([1, None], ("y", "x"))


def test_zeros_ones_full_and_empty_store_nothing():
    """They are fill values, in memory unless a store is given."""
    assert zarrpy.zeros((2, 2))[...].tolist() == [[0, 0], [0, 0]]
    assert zarrpy.ones(2, dtype="i4")[...].tolist() == [1, 1]
    assert zarrpy.full(2, 7.5)[...].tolist() == [7.5, 7.5]
    assert zarrpy.empty(2)[...].shape == (2,)
    assert zarrpy.zeros(2).dtype == np.dtype("f8")
    values = {}
    zarrpy.ones(3, store=values, chunks=2)
    assert list(values) == ["zarr.json"]


def test_arrays_like_others_take_shape_type_and_chunks():
    """What is asked for goes before."""
    like = zarrpy.full((4, 6), 9, dtype="i2", chunks=(2, 3))

    for made, value in [
        (zarrpy.zeros_like(like), 0),
        (zarrpy.ones_like(like), 1),
        (zarrpy.full_like(like, 5), 5),
        (zarrpy.full_like(like), 9),
    ]:
        assert (made.shape, made.dtype, made.chunks) == ((4, 6), np.dtype("i2"), (2, 3))
        assert (made[...] == value).all()
    assert zarrpy.empty_like(np.ones((2, 3), "u1")).dtype == np.dtype("u1")
    assert zarrpy.zeros_like(like, dtype="f8", shape=3).shape == (3,)
    assert zarrpy.zeros_like(like, shape=(8, 9)).chunks == (2, 3)


def test_array_makes_an_array_of_data(tmp_path):
    """In memory, or in the store given."""
    assert zarrpy.array([1, 2, 3])[1:].tolist() == [2, 3]
    zarrpy.array([[1.5]], store=tmp_path / "x.zarr")
    assert zarrpy.load(tmp_path / "x.zarr").tolist() == [[1.5]]
    assert zarrpy.array(zarrpy.array([1, 2]))[...].tolist() == [1, 2]


def test_group_opens_or_creates(store):
    """It never replaces, unless asked to."""
    zarrpy.group(store, attributes={"a": 1})
    zarrpy.create_array(store, name="x", data=[1])

    assert list(zarrpy.group(store)) == ["x"]
    assert dict(zarrpy.group(store).attrs) == {"a": 1}
    assert list(zarrpy.group(store, overwrite=True)) == []


def test_every_creation_can_be_awaited(store):
    """The same steps, in an event loop."""

    async def create():
        group = await zarrpy.create_group.aio(store)
        array = await zarrpy.create_array.aio(store, name="a", data=[1, 2])
        await array.write.aio(0, 5)
        return [name for name, _ in await group.members.aio()], await array.read.aio()

    names, values = asyncio.run(create())

    assert (names, values.tolist()) == (["a"], [5, 2])


def test_the_settings_choose_the_format(store):
    """`config.array.zarr_format` stands for what is not said."""
    with zarrpy.config.set(**{"array.zarr_format": 2}):
        zarrpy.create_group(store).create_array("a", data=[1])

    assert ".zgroup" in list(store.list())
    assert "a/.zarray" in list(store.list())


def test_documents_are_ones_that_other_readers_take(store):
    """Version 3 in its full spelling: no short-hands and nothing unknown."""
    zarrpy.create_array(store, data=np.float32([1, 2]))

    document = json.loads(bytes(store.get("zarr.json")))

    assert document["zarr_format"] == 3
    assert document["node_type"] == "array"
    assert all(set(codec) <= {"name", "configuration"} for codec in document["codecs"])
    assert document["chunk_grid"]["name"] == "regular"


def test_a_path_object_and_its_text_are_one_store(tmp_path):
    """Any form of a path is taken."""
    zarrpy.create_array(tmp_path / "x.zarr", data=[1])

    assert zarrpy.open(str(tmp_path / "x.zarr"))[0] == 1
    assert isinstance(zarrpy.open(tmp_path / "x.zarr").store, LocalStore)
    assert isinstance(zarrpy.array([1]).store, MemoryStore)


@pytest.mark.parametrize(
    ("keywords", "names"),
    [
        ({"filters": [{"id": "delta", "dtype": "<i4"}], "compressor": {"id": "zlib", "level": 3}},
         ["numcodecs.delta", "bytes", "numcodecs.zlib"]),
        ({"filters": [numcodecs.Delta("<i4")], "compressor": numcodecs.Zstd(3)},
         ["numcodecs.delta", "bytes", "zstd"]),
        ({"filters": [numcodecs.Shuffle(4)], "compressor": numcodecs.Blosc("lz4", 5, 1)},
         ["bytes", "numcodecs.shuffle", "blosc"]),
        ({"filters": [{"id": "crc32c"}], "compressor": {"id": "gzip"}},
         ["bytes", "crc32c", "gzip"]),
        ({"compressor": None, "filters": None, "dimension_separator": "."}, ["bytes"]),
    ],
)  # fmt: skip
def test_keywords_of_v2_make_arrays_of_v3(keywords, names):
    """Filters find their places by what they take; objects of numcodecs are documents."""
    store = {}
    array = zarrpy.create_array(store, data=np.arange(12, dtype="i4"), **keywords)

    assert array.metadata.zarr_format == 3
    assert [codec.name for codec in array.metadata.codecs] == names
    assert zarrpy.open(store)[...].tolist() == list(range(12))
