"""Objects by zarr-python's names: data types, buffers, places, metadata, arrays like others."""

from __future__ import annotations

import asyncio
import pickle

import numpy as np
import pytest

import zarrpy
from zarrpy import storage
from zarrpy.compat import zarr

NATIVE = [
    *("?", "i1", ">i4", "<u8", "f2", ">f8", "c16", "S5", "V7", "<U10", ">U3"),
    *("<M8[10us]", ">m8[D]"),
    [("a", "<i4"), ("b", ">f8")],
    np.dtypes.StringDType(),
]


@pytest.mark.filterwarnings("ignore:the data type .* is not specified yet")
@pytest.mark.parametrize("native", NATIVE, ids=str)
def test_a_data_type_is_written_down_and_understood(native):
    """In both formats, and arrays are made of it."""
    made = zarr.dtype.parse_dtype(native)
    kind = type(made)
    if np.dtype(native).kind != "T":
        assert kind.from_native_dtype(np.dtype(native)).to_native_dtype() == np.dtype(native)
        made = kind.from_native_dtype(np.dtype(native))

    assert kind.from_json(made.to_json(2), zarr_format=2) == made
    assert kind.from_json(made.to_json(3), zarr_format=3).to_json(3) == made.to_json(3)
    for zarr_format in (2, 3):
        scalar = made.to_json_scalar(made.default_scalar(), zarr_format=zarr_format)
        found = made.from_json_scalar(scalar, zarr_format=zarr_format)
        assert made.to_json_scalar(found, zarr_format=zarr_format) == scalar
    array = zarr.create((3,), dtype=made)
    assert array.metadata.data_type == made
    assert isinstance(array.metadata.data_type, kind)
    assert not isinstance(array.metadata.data_type, zarr.dtype.Int16)
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("kind", "value"),
    [(zarr.dtype.Int8(), {1}), (zarr.dtype.Float32(), "x"), (zarr.dtype.RawBytes(length=1), 1.0)],
    ids=["int8", "float32", "bytes"],
)
def test_what_is_no_scalar_of_a_data_type_is_refused(kind, value):
    """The error names both."""
    with pytest.raises(TypeError, match="Cannot convert object"):
        kind.cast_scalar(value)


def test_a_data_type_of_another_class_is_refused():
    """Documents of it, and data types of NumPy."""
    for spec, zarr_format in (("int16", 3), ({"name": "<i2", "object_codec_id": None}, 2)):
        with pytest.raises(zarr.errors.DataTypeValidationError):
            zarr.dtype.Int8.from_json(spec, zarr_format=zarr_format)
    with pytest.raises(zarr.errors.DataTypeValidationError):
        zarr.dtype.Int8.from_native_dtype("i2")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_metadata_tell_their_document(zarr_format):
    """With the attributes in it, as programs read it."""
    array = zarr.create((4,), chunks=(2,), dtype="i4", zarr_format=zarr_format, attributes={"a": 1})
    group = zarr.group({}, zarr_format=zarr_format, attributes={"b": 2})

    document = array.metadata.to_dict()
    assert (document["shape"], document["attributes"]) == ((4,), {"a": 1})
    assert document["zarr_format"] == zarr_format
    assert group.metadata.to_dict()["attributes"] == {"b": 2}
    assert (array.metadata.chunks, array.metadata.order) == ((2,), "C")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_groups_tell_whether_consolidated_metadata_are_used(zarr_format):
    """Also those below the one whose metadata they are."""
    root = zarr.group({}, zarr_format=zarr_format)
    root.create_array("a/b/c", data=[1])
    zarrpy.consolidate_metadata(root.store)

    below = zarr.open_group(root.store)["a"]
    plain = zarr.open_group(root.store, use_consolidated=False)
    assert below.metadata.consolidated_metadata.flattened_metadata.keys() == {"b", "b/c"}
    assert plain.metadata.consolidated_metadata is None
    assert plain["a"].metadata.consolidated_metadata is None


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_group_whose_store_was_cleared_is_made_anew_where_it_is_required(zarr_format):
    """As programs do that write over a whole store through a group that they have open."""
    group = zarr.group({}, zarr_format=zarr_format, attributes={"old": 1})
    group.store.delete_prefix("")

    assert group.require_group("/") is group
    group.attrs["new"] = 2
    assert zarr.open_group(group.store).attrs.asdict() == {"new": 2}


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_member_is_found_by_the_documents_of_its_format(zarr_format):
    """Requests cost money; the other format is asked for where there is nothing in the first."""
    asked = []

    class Store(zarrpy.stores.MemoryStore):
        """Notes what is asked for."""

        def get(self, key, byte_range=None):
            asked.append(key)
            return super().get(key, byte_range)

        def get_many(self, keys):
            return [self.get(key) for key in keys]

    store = Store()
    zarrpy.create_group(store, zarr_format=zarr_format).create_array("x", data=[1])
    zarrpy.create_array(store, name="other", data=[2], zarr_format=5 - zarr_format)
    group = zarrpy.open_group(store, zarr_format=zarr_format)
    asked.clear()
    assert group["x"].shape == (1,)

    own = {3: {"x/zarr.json"}, 2: {"x/.zarray", "x/.zgroup", "x/.zattrs"}}[zarr_format]
    assert set(asked) == own
    assert group["other"].metadata.zarr_format == 5 - zarr_format


def test_a_handle_is_made_of_one_that_is_awaited():
    """As programs do with what coroutines give."""
    array = zarr.create_array({}, data=[1, 2])
    group = zarr.group({})

    assert zarr.Array(array.async_array)[:].tolist() == [1, 2]
    assert zarr.Group(group.async_group).require_group("a").path == "a"
    with pytest.raises(TypeError, match="asynchronous handle"):
        zarr.Array(group.async_group)


def test_a_place_in_a_store_is_read_and_written():
    """By coroutines, with buffers or bytes."""
    place = storage.StorePath(storage.MemoryStore()) / "a" / "b"

    async def work():
        assert await place.get() is None
        await place.set(b"xyz")
        assert await place.exists()
        assert (await place.get()).to_bytes() == b"xyz"
        await place.delete()
        assert not await place.exists()

    asyncio.run(work())
    assert place.path == "a/b"


@pytest.mark.parametrize("shards", [None, (8,)])
@pytest.mark.parametrize("wrap", [lambda array: array, lambda array: array.async_array])
def test_arrays_like_others_have_their_layout_and_codecs(shards, wrap):
    """In another shape, too; and what is asked for otherwise is made so."""
    keywords = {"compressors": None, "shards": shards, "fill_value": 5}
    array = zarr.create_array({}, shape=(20,), chunks=(4,), dtype="u1", **keywords)

    full = zarr.full_like(wrap(array), shape=(10,))
    assert (full.chunks, full.shards, full.compressors) == ((4,), shards, ())
    assert full[:].tolist() == [5] * 10
    other = zarr.zeros_like(wrap(array), zarr_format=2, dtype="f4")
    assert (other.chunks, other.dtype, other[0]) == ((4,), np.dtype("f4"), 0)
    assert zarr.open_like(wrap(array), "new", store={}).path == "new"


def test_buffers_tell_whether_they_hold_one_value():
    """Zeros of both signs are told apart, and NaN is NaN."""
    make = zarr.buffer.cpu.NDBuffer.from_numpy_array
    zeros = np.zeros((3, 4))

    assert make(zeros).all_equal(0.0)
    assert not make(zeros).all_equal(-0.0)
    assert make(np.full((2,), np.nan)).all_equal(np.nan)
    assert not make(zeros).all_equal(None)
    assert make(zeros).transpose().shape == (4, 3)
    assert np.shares_memory(make(zeros)[1, 2].as_numpy_array(), zeros)
    with pytest.raises(ValueError, match="single scalar"):
        make(zeros).as_scalar()


def test_a_directory_has_a_path_and_can_be_moved(tmp_path):
    """By zarr-python's names; what is there already stays."""
    store = storage.LocalStore(tmp_path / "old")
    zarr.group(store).create_array("a", data=[1, 2])
    (tmp_path / "taken").mkdir()

    assert (store.root / "a" / "zarr.json").is_file()
    with pytest.raises(FileExistsError):
        asyncio.run(store.move(tmp_path / "taken"))
    asyncio.run(store.move(tmp_path / "new"))
    assert zarr.open_group(store)["a"][:].tolist() == [1, 2]
    assert not (tmp_path / "old").exists()
    assert pickle.loads(pickle.dumps(store)) == store == storage.LocalStore(tmp_path / "new")


def test_a_named_store_may_begin_below():
    """All keys are below its path, and its URL finds it as long as it is there."""
    whole = storage.ManagedMemoryStore("whole")
    part = storage.ManagedMemoryStore("whole", path="/a/b/")
    part.set("c", b"1")

    assert (bytes(whole.get("a/b/c")), list(part.list())) == (b"1", ["c"])
    assert str(part) == "memory://whole/a/b"
    assert bytes(storage.ManagedMemoryStore.from_url("memory://whole/a").get("b/c")) == b"1"
    part.delete("c")
    assert list(whole.list()) == []
    for wrong in ("memory://no-such-store", "file://whole"):
        with pytest.raises(ValueError, match="names no store"):
            storage.ManagedMemoryStore.from_url(wrong)
    with pytest.raises(ValueError, match="cannot contain"):
        storage.ManagedMemoryStore("a/b")


def test_stores_are_equal_where_they_hold_the_same(tmp_path):
    """As programs compare them after they were pickled."""
    memory = storage.MemoryStore({"a": b"1"})
    over = storage.LoggingStore(storage.LocalStore(tmp_path), "ERROR")

    assert pickle.loads(pickle.dumps(memory)) == memory
    assert memory != storage.MemoryStore({"a": b"2"})
    assert over == storage.LoggingStore(storage.LocalStore(tmp_path), "ERROR")
    assert over._store == storage.LocalStore(tmp_path)
    made = asyncio.run(storage.WrapperStore.open(storage.MemoryStore, store_dict={}))
    assert made == storage.WrapperStore(storage.MemoryStore())


def test_what_programs_are_warned_of():
    """Consolidated metadata in Zarr v3, and an order of chunks that is not kept with a codec."""
    with pytest.warns(zarr.errors.ZarrUserWarning, match="Consolidated metadata"):
        zarr.consolidate_metadata(zarr.group({}).store)
    zarr.consolidate_metadata(zarr.group({}, zarr_format=2).store)
    with pytest.warns(UserWarning, match=r"config\.array\.subchunk_write_order"):
        zarr.codecs.ShardingCodec((2,), subchunk_write_order="colexicographic")
