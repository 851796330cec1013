"""Arrays, groups and stores as programs for zarr-python open and ask them."""

from __future__ import annotations

import asyncio
import logging

import numpy as np
import pytest

from zarrpy.compat import zarr

PROTOTYPE = zarr.core.buffer.default_buffer_prototype()


def test_a_place_in_a_store_is_one_to_open():
    """By the classes, too, and for callers that await."""
    place = zarr.storage.StorePath(zarr.storage.MemoryStore(), "a/b")
    made = zarr.create_array(place, data=[1, 2, 3])

    assert zarr.Array.open(place)[:].tolist() == [1, 2, 3]
    assert zarr.Array.open(place).path == "a/b"
    assert zarr.Array.open(zarr.storage.StorePath(place.store), path="a/b") == made
    assert asyncio.run(zarr.AsyncArray.open(place)).path == "a/b"
    group = zarr.Group.from_store(zarr.storage.StorePath(place.store, "g"))
    assert (group.path, zarr.Group.open(group.store_path).path) == ("g", "g")


def test_a_place_is_opened_by_its_mode(tmp_path):
    store = zarr.storage.LocalStore(tmp_path)
    store.set_sync("a/k", b"1")
    opened = zarr.storage.StorePath.open

    assert asyncio.run(opened(store, "a", mode="r")).read_only
    assert not asyncio.run(asyncio.run(opened(store, "a", mode="w")).is_empty())
    with pytest.raises(FileExistsError):
        asyncio.run(opened(store, "a", mode="w-"))
    with pytest.raises(ValueError, match="Invalid mode"):
        asyncio.run(opened(store, "a", mode="x"))
    with pytest.raises(ValueError, match="read-only"):
        asyncio.run(opened(zarr.storage.LocalStore(tmp_path, read_only=True), "a", mode="w"))


@pytest.mark.parametrize("shards", [None, (4, 4)])
def test_elements_are_read_in_the_order_that_is_asked_for(shards):
    """By a setting of the array, or of the process when it is opened."""
    data = np.arange(16).reshape(4, 4)
    array = zarr.create_array({}, data=data, chunks=(2, 2), shards=shards, config={"order": "F"})

    assert array[:].flags.f_contiguous
    assert not array[:].flags.c_contiguous
    np.testing.assert_array_equal(array[:], data)
    np.testing.assert_array_equal(array[1:3, ::2], data[1:3, ::2])
    assert zarr.open_array(array.store)[:].flags.c_contiguous
    with zarr.config.set({"array.order": "F"}):
        opened = zarr.open_array(array.store)
    assert opened[:].flags.f_contiguous
    assert opened.config.order == "F"
    with pytest.raises(ValueError, match="order"):
        array.with_config({"order": "K"})


def test_settings_of_arrays_that_nobody_knows_are_refused():
    with pytest.raises(TypeError, match=r"config has no settings \['nope'\] -> known: order"):
        zarr.create_array({}, shape=3, dtype="i4", config={"nope": 1})
    with pytest.raises(ValueError, match="Expected instance of bool"):
        zarr.create_array({}, shape=3, dtype="i4", config={"write_empty_chunks": "yes"})


def test_missing_chunks_are_errors_by_the_setting():
    array = zarr.create_array({}, shape=3, dtype="i4")
    with (
        zarr.config.set({"array.read_missing_chunks": False}),
        pytest.raises(zarr.errors.ChunkNotFoundError),
    ):
        array[:]
    assert array[:].tolist() == [0, 0, 0]
    assert zarr.config.get("array.read_missing_chunks") is True


@pytest.mark.parametrize("key", ["array.v3_default_filters.raw", "array.v2_default_compressor"])
def test_settings_that_are_gone_are_refused(key):
    with pytest.raises(ValueError, match="deprecated"):
        zarr.config.set({key: 1})


def test_parameters_that_do_nothing_are_warned_of():
    warning = zarr.errors.ZarrRuntimeWarning
    with pytest.warns(warning, match="synchronizer is not yet implemented"):
        zarr.create((1,), synchronizer=1)
    with pytest.warns(warning, match="`write_empty_chunks` keyword argument is deprecated"):
        zarr.create((1,), write_empty_chunks=True)
    with pytest.warns(warning, match="`order` keyword argument has no effect"):
        assert zarr.create((2, 2), order="F", zarr_format=3).order == "C"
    with pytest.warns(zarr.errors.ZarrUserWarning, match="Automatic shard shape inference"):
        zarr.create_array({}, shape=(8,), dtype="i4", shards="auto")


def test_arrays_like_others_below_a_group_keep_chunks_and_fill_value():
    other = zarr.create_array({}, shape=(11, 12), chunks=(5, 6), dtype="u1", fill_value=7)
    group = zarr.group({})

    made = group.empty_like(name="a", data=other, shape=(10, 10))
    assert (made.shape, made.chunks, made.fill_value) == ((10, 10), (5, 6), 7)
    assert group.zeros_like(name="b", data=other, chunks=(2, 2)).chunks == (2, 2)


def test_members_that_are_missing_or_of_the_other_kind_have_errors_of_their_own():
    group = zarr.group({})
    group.create_group("g")
    group.create_array("a", data=[1])

    with pytest.raises(zarr.errors.ArrayNotFoundError, match="No array found in store"):
        group.get_array("x")
    with pytest.raises(zarr.errors.GroupNotFoundError, match="No group found in store"):
        group.get_group("x")
    with pytest.raises(zarr.errors.ContainsGroupError, match="A group exists in store"):
        group.get_array("g")
    with pytest.raises(zarr.errors.ContainsArrayError, match="An array exists in store"):
        group.get_group("a")
    with pytest.raises(zarr.errors.ContainsArrayError):
        group.create_group("a/b")
    with pytest.raises(zarr.errors.ArrayNotFoundError, match="No array found in store"):
        zarr.open_array({}, mode="r+")


def test_what_is_read_only_names_the_mode_that_would_write():
    store = zarr.storage.MemoryStore(read_only=True)
    for call in (zarr.open, zarr.open_group, zarr.open_array):
        with pytest.raises(ValueError, match="mode is 'w'"):
            call(store, mode="w")
    with pytest.raises(ValueError, match="mode is 'w'"):
        zarr.save_array(store, np.arange(2))


def test_a_store_that_was_made_is_the_root_of_all(tmp_path):
    """Only where a path names the place, what it lies in is looked at."""
    zarr.create_array(tmp_path / "a", data=[1])

    zarr.create_array(zarr.storage.LocalStore(tmp_path / "a" / "b"), data=[2])
    with pytest.raises(zarr.errors.ContainsArrayError):
        zarr.create_array(tmp_path / "a" / "c", data=[3])


def test_selections_are_read_into_buffers():
    array = zarr.create_array({}, data=[1, 2, 3])
    out = zarr.buffer.cpu.NDBuffer.create(shape=(3,), dtype="i8", fill_value=0)

    array.get_basic_selection(slice(None), out=out)
    assert out.as_numpy_array().tolist() == [1, 2, 3]


def test_the_shape_is_set_by_its_name():
    array = zarr.create_array({}, data=[1, 2, 3])
    array.shape = (2,)
    assert array[:].tolist() == [1, 2]


def test_functions_of_the_core_are_awaited():
    made = asyncio.run(zarr.core.array.create_array({}, shape=3, dtype="i4"))
    assert isinstance(made, zarr.AsyncArray)


def test_times_of_no_unit_keep_their_step_in_buffers():
    dtype = np.dtype(">M8[7generic]")
    for fill in (None, 0, "NaT"):
        made = zarr.buffer.cpu.NDBuffer.create(shape=(2,), dtype=dtype, fill_value=fill)
        assert made.dtype == dtype
        expected = -(1 << 63) if fill == "NaT" else 0
        assert made.as_numpy_array().view(">i8").tolist() == [expected] * 2


# ---------------------------------------------------------------------------------- stores


def test_stores_say_what_they_can_do():
    abc = zarr.abc.store
    store = zarr.storage.MemoryStore()

    for kind in (abc.SupportsGetSync, abc.SupportsSetSync, abc.SupportsDeleteSync):
        assert isinstance(store, kind)
    assert isinstance(zarr.codecs.ZstdCodec(), zarr.abc.codec.SupportsSyncCodec)
    with pytest.raises(AttributeError):
        store.read_only = False
    store.set_sync("a", b"1")
    with pytest.raises(TypeError, match="Unexpected byte_range"):
        store.get_sync("a", byte_range=(0, 1))


def test_stores_that_may_not_be_written_say_so_in_known_words():
    store = zarr.storage.MemoryStore(read_only=True)
    words = "store was opened in read-only mode and does not support writing"
    for call in (lambda: store.set("a", b"1"), lambda: store.delete("a")):
        with pytest.raises(ValueError, match=words):
            asyncio.run(_called(call))


async def _called(call):
    await call()


def test_parts_of_a_value_are_read_together():
    parts = [zarr.abc.store.RangeByteRequest(0, 2), zarr.abc.store.SuffixByteRequest(1)]
    store = zarr.storage.MemoryStore()
    asyncio.run(_called(lambda: store.set("a", b"12345")))

    async def read():
        return [each async for group in store.get_ranges("a", parts, prototype=PROTOTYPE)
                for each in group]  # fmt: skip

    found = {i: value.to_bytes() for i, value in asyncio.run(read())}
    assert found == {0: b"12", 1: b"5"}
    with pytest.raises(BaseExceptionGroup) as caught:
        store.get_ranges_sync("b", parts, prototype=PROTOTYPE)
    assert isinstance(caught.value.exceptions[0], FileNotFoundError)


def test_a_directory_tells_its_place(tmp_path):
    store = zarr.storage.LocalStore(tmp_path)
    assert store.root == tmp_path
    assert str(store) == f"file://{tmp_path.as_posix()}"


def test_zip_files_are_made_once_and_moved(tmp_path):
    store = zarr.storage.ZipStore(tmp_path / "a.zip", mode="x")
    zarr.create_array(store, data=[1, 2])
    asyncio.run(store.move(tmp_path / "b" / "c.zip"))

    assert not (tmp_path / "a.zip").exists()
    assert zarr.open_array(store)[:].tolist() == [1, 2]
    assert str(store) == f"zip://{tmp_path / 'b' / 'c.zip'}"
    store.close()
    assert store == zarr.storage.ZipStore(tmp_path / "b" / "c.zip", mode="r")


def test_requests_are_logged_and_counted(caplog):
    store = zarr.storage.LoggingStore(zarr.storage.MemoryStore(), log_level="INFO")
    with caplog.at_level(logging.INFO):
        asyncio.run(_called(lambda: store.set("a", b"1")))

    assert [record.message.split("(")[0].split(" [")[0] for record in caplog.records] == [
        "Calling MemoryStore.set",
        "Finished MemoryStore.set",
    ]
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    assert store.counter["set"] == 1
    assert store.with_read_only(True).log_level == "INFO"


def test_keys_are_awaited_one_by_one():
    store = zarr.storage.MemoryStore({"a": b"1", "b": b"2", "c": b"3"})

    async def listed():
        keys = store.list()
        first = await anext(keys)
        rest = [key async for key in keys]
        await keys.aclose()
        return [first, *rest, await anext(keys, None)]

    assert asyncio.run(listed()) == ["a", "b", "c", None]
    assert list(store.list()) == ["a", "b", "c"]
