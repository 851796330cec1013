"""Tests of `zarrpy.engine.copy`."""

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import drive as drives
from zarrpy.engine.copy import MOST_VALUES, chunk_keys
from zarrpy.engine.copy import copy_node as copy_steps
from zarrpy.engine.drive import drive
from zarrpy.engine.requests import Fetch
from zarrpy.errors import NodeExistsError, StoreError
from zarrpy.stores import MemoryStore


def keys_of(store, path, metadata):
    """Keys of the stored chunks, sorted."""
    return sorted(drive(store, chunk_keys(path, metadata)))


def copy_node(source, metadata, target, **keywords):
    """Copy to the end."""
    drive(None, copy_steps(source, metadata, target, **keywords))


ENCODINGS = [
    (3, None),
    (3, {"name": "default", "separator": "."}),
    (3, {"name": "v2", "separator": "."}),
    (3, {"name": "v2", "separator": "/"}),
    (2, "."),
    (2, "/"),
]


@pytest.mark.parametrize("shape", [(), (4,), (4, 3)])
@pytest.mark.parametrize(("zarr_format", "keys"), ENCODINGS)
def test_the_stored_chunks_are_found_by_listing(store, zarr_format, keys, shape):
    """Whatever their names; what is not stored is not named."""
    array = zarrpy.create_array(
        store, name="a", shape=shape, dtype="i4", chunks=2, zarr_format=zarr_format,
        chunk_key_encoding=keys,
    )  # fmt: skip
    before = set(store.list())
    array[(slice(2, None), ...) if shape else ...] = 1
    expected = sorted(key.removeprefix("a/") for key in set(store.list()) - before)

    assert keys_of(store, "a", array.metadata) == expected
    assert expected != []


def test_what_is_no_chunk_is_not_found(store):
    """Documents, locks, files of others, chunks outside the shape, numbers written otherwise."""
    array = zarrpy.create_array(store, data=np.ones(4), chunks=2)
    for key in ("c/2", "c/00", "c/01", "c/x", "c/-1", "c/1.__lock.txt", "d/0", "c0"):
        store.set(key, b"x")

    assert keys_of(store, "", array.metadata) == ["c/0", "c/1"]


@pytest.mark.parametrize(("zarr_format", "keys"), ENCODINGS)
def test_a_copy_is_equal_byte_by_byte(store, contents, zarr_format, keys):
    """Into a store of another kind."""
    array = zarrpy.create_array(
        store, data=np.arange(12).reshape(4, 3), chunks=2, chunk_key_encoding=keys,
        zarr_format=zarr_format,
    )  # fmt: skip
    target = MemoryStore()

    copy_node((store, ""), array.metadata, (target, "x/y"))

    copied = {key: value for key, value in contents(target).items() if key.startswith("x/y/")}
    assert copied == {f"x/y/{key}": value for key, value in contents(store).items()}


def test_what_is_there_is_not_replaced(store):
    """Unless asked for; then nothing of it stays."""
    array = zarrpy.create_array(store, data=[1])
    target = MemoryStore()
    zarrpy.create_array(target, data=[7, 8, 9], chunks=1)

    with pytest.raises(NodeExistsError):
        copy_node((store, ""), array.metadata, (target, ""))
    assert zarrpy.load(target).tolist() == [7, 8, 9]
    copy_node((store, ""), array.metadata, (target, ""), overwrite=True)

    assert sorted(target.list()) == sorted(store.list())


class Failing(MemoryStore):
    """A store one of whose chunks cannot be read."""

    def get_many(self, keys):
        if "c/1" in keys:
            raise StoreError("no access", operation="get", key="c/1")
        return super().get_many(keys)


def test_a_chunk_that_cannot_be_read_is_an_error_and_not_left_out():
    """A copy with holes would read as fill values."""
    source = Failing()
    array = zarrpy.create_array(source, data=np.ones(4), chunks=2)

    target = MemoryStore()

    with pytest.raises(StoreError, match="c/1"):
        copy_node((source, ""), array.metadata, (target, "x/y"))

    assert list(target.list()) == []


def test_only_a_few_values_are_in_memory_at_once(store, monkeypatch):
    """However many chunks there are."""
    array = zarrpy.create_array(store, data=np.arange(3 * MOST_VALUES), chunks=1)
    asked = []
    fetch = drives._ANSWERS[Fetch]
    monkeypatch.setitem(
        drives._ANSWERS, Fetch, lambda *each: asked.append(len(each[1].keys)) or fetch(*each)
    )
    target = MemoryStore()

    copy_node((store, ""), array.metadata, (target, ""))

    assert max(asked) == MOST_VALUES
    assert zarrpy.load(target).tolist() == list(range(3 * MOST_VALUES))


def test_a_chunk_behind_linked_directories_is_copied(tmp_path):
    """Parts of an array may lie on another disk."""
    array = zarrpy.create_array(tmp_path / "x", data=np.arange(12).reshape(4, 3), chunks=2)
    (tmp_path / "x" / "c" / "1").rename(tmp_path / "elsewhere")
    (tmp_path / "x" / "c" / "1").symlink_to(tmp_path / "elsewhere")
    assert np.array_equal(array[...], np.arange(12).reshape(4, 3))
    target = MemoryStore()

    copy_node((array.store, ""), array.metadata, (target, ""))

    assert np.array_equal(zarrpy.load(target), np.arange(12).reshape(4, 3))


def test_a_copy_onto_itself_is_not_told_to_replace(tmp_path):
    """As that is refused as well."""
    group = zarrpy.create_group(tmp_path / "g.zarr")
    array = group.create_array("a", data=[1, 2])

    for if_exists in ("raise", "replace"):
        with pytest.raises(zarrpy.NodeExistsError, match="within the other -> copy to a place"):
            zarrpy.copy(array, group, "a", if_exists=if_exists)
