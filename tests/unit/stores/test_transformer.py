"""Tests of `zarrpy.stores.transformer`."""

import zlib

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, UnsupportedExtensionError


class Mirror(zarrpy.StorageTransformer):
    """Keep every chunk twice; read the other one where the first was lost or is damaged."""

    name = "test.mirror"

    def __init__(self, store, suffix=".copy"):
        super().__init__(store)
        self.suffix = suffix

    def get(self, key, byte_range=None):
        for each in (key, key + self.suffix):
            value = self.store.get(each)
            if value is not None and zlib.crc32(value[:-4]).to_bytes(4, "little") == value[-4:]:
                return value[:-4] if byte_range is None else byte_range.of(value[:-4])
        return None

    def set(self, key, value):
        value = bytes(value)
        value += zlib.crc32(value).to_bytes(4, "little")
        self.store.set(key, value)
        self.store.set(key + self.suffix, value)

    def delete(self, key):
        self.store.delete(key)
        self.store.delete(key + self.suffix)


class Scatter(zarrpy.StorageTransformer):
    """Store chunks under keys of another beginning."""

    name = "test.scatter"

    def get(self, key, byte_range=None):
        return self.store.get("elsewhere/" + key, byte_range)

    def set(self, key, value):
        self.store.set("elsewhere/" + key, value)

    def delete(self, key):
        self.store.delete("elsewhere/" + key)


@pytest.fixture(autouse=True)
def registered():
    """Both, for the time of a test."""
    for kind in (Mirror, Scatter):
        zarrpy.register_storage_transformer(kind)
    yield
    for kind in (Mirror, Scatter):
        zarrpy.unregister_storage_transformer(kind.name)


VALUES = np.arange(24, dtype="i4").reshape(4, 6)


@pytest.mark.parametrize("native", [True, False])
def test_chunks_go_through_the_transformers_that_the_document_names(native):
    """Reading, writing, and writing in part; documents stay where they are."""
    store = zarrpy.MemoryStore()
    chain = [{"name": "test.mirror", "configuration": {"suffix": "~"}}, "test.scatter"]
    with zarrpy.config.set(disable=set() if native else {"native"}):
        zarrpy.create_array(store, name="a", data=VALUES, chunks=(2, 6), storage_transformers=chain)
        array = zarrpy.open(store, path="a", mode="r+")
        array[1, 2:4] = -1

        assert array[1, :5].tolist() == [6, 7, -1, -1, 10]
    assert sorted(store.list()) == [
        "a/zarr.json", "elsewhere/a/c/0/0", "elsewhere/a/c/0/0~", "elsewhere/a/c/1/0",
        "elsewhere/a/c/1/0~", "zarr.json",
    ]  # fmt: skip
    assert [each.name for each in array.metadata.storage_transformers] == [
        "test.mirror",
        "test.scatter",
    ]


def test_a_mirror_serves_what_was_damaged():
    """What the transformer is for."""
    store = zarrpy.MemoryStore()
    array = zarrpy.create_array(store, data=VALUES, storage_transformers=["test.mirror"])
    key = "c/0/0"
    store.set(key, b"broken")

    assert (array[...] == VALUES).all()

    store.delete(key)
    assert (array[...] == VALUES).all()


def test_files_go_through_them_as_well(tmp_path):
    """Chunks then are bytes in hand, not files of the engine."""
    array = zarrpy.create_array(tmp_path / "a", data=VALUES, storage_transformers=["test.mirror"])

    assert (zarrpy.open(tmp_path / "a")[...] == VALUES).all()
    assert (tmp_path / "a/c/0/0.copy").exists()
    array[...] = 0
    assert not (tmp_path / "a/c/0/0.copy").exists()


def test_one_that_is_not_known_is_refused_unless_it_need_not_be():
    """At creation always, as it was asked for."""
    store = zarrpy.MemoryStore()
    with pytest.raises(UnsupportedExtensionError, match=r"test\.unknown.*register_storage_trans"):
        zarrpy.create_array(store, data=VALUES, storage_transformers=["test.unknown"])
    zarrpy.create_array(store, data=VALUES, storage_transformers=["test.mirror"])
    zarrpy.unregister_storage_transformer("test.mirror")

    with pytest.raises(UnsupportedExtensionError, match="storage transformer"):
        zarrpy.open(store)

    zarrpy.register_storage_transformer(Mirror)
    assert "test.mirror" in [each.name for each in zarrpy.available_storage_transformers()]


def test_a_configuration_that_it_does_not_take_is_an_error():
    """Which names it."""
    chain = [{"name": "test.mirror", "configuration": {"copies": 3}}]

    with pytest.raises(MetadataError, match=r"'test\.mirror' does not take its configuration"):
        zarrpy.create_array({}, data=VALUES, storage_transformers=chain)


def test_zarr_v2_has_none():
    """There is no word for them."""
    with pytest.raises(MetadataError, match="Zarr v2 has no words for storage transformers"):
        zarrpy.create_array({}, data=VALUES, storage_transformers=["test.mirror"], zarr_format=2)


@pytest.mark.filterwarnings("ignore:left .* not Zarr")  # what it keeps elsewhere
@pytest.mark.parametrize("path", ["", "g/a"])
def test_values_are_where_the_transformer_looks_for_them(tmp_path, path):
    """Of arrays that are made with them, or replaced: keys begin with the path of the array."""
    scatter = [{"name": "test.scatter", "configuration": {}}]
    for first in (0, 50):
        values = np.arange(first, first + 10)
        keywords = {"data": values, "chunks": 5, "storage_transformers": scatter}
        if path:
            group = zarrpy.open_group(tmp_path / "x", mode="a")
            group.create_array(path, overwrite=first > 0, **keywords)
        else:
            zarrpy.create_array(tmp_path / "x", overwrite=first > 0, **keywords)

        root = zarrpy.open(tmp_path / "x")
        np.testing.assert_array_equal((root[path] if path else root)[...], values)
