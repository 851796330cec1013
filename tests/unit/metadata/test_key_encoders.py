"""Tests of `zarrpy.metadata.key_encoders`: encodings that a program adds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, UnsupportedExtensionError

VALUES = np.arange(35).reshape(5, 7)


@dataclass(frozen=True)
class Hashed(zarrpy.ChunkKeyEncoder):
    """Spread chunks over folders by the sum of their indexes."""

    name: ClassVar[str] = "test.hashed"
    version: ClassVar[str] = "1.2"

    folders: int = 3

    def __post_init__(self):
        if type(self.folders) is not int or self.folders < 1:
            raise ValueError("folders must be an integer of at least 1")

    def encode(self, grid_index):
        """Spell a key, such as "0/1_2"."""
        return f"{sum(grid_index) % self.folders}/" + "_".join(["at", *map(str, grid_index)])

    def decode(self, key, ndim):
        """Read one."""
        return tuple(map(int, key.partition("/")[2].split("_")[1:]))


class Colliding(zarrpy.ChunkKeyEncoder):
    """Gives what it is told, whatever the chunk."""

    name = "test.colliding"
    key: object = "x"

    def encode(self, grid_index):
        """Give the same key for every chunk."""
        return self.key

    def decode(self, key, ndim):
        """Give the first chunk."""
        return (0,) * ndim


@pytest.fixture
def hashed():
    """Register an encoding for the time of a test."""
    zarrpy.register_chunk_key_encoding(Hashed)
    yield {"name": "test.hashed", "configuration": {"folders": 2}}
    zarrpy.unregister_chunk_key_encoding("test.hashed")


@pytest.mark.parametrize("shards", [None, (4, 4)])
def test_chunks_are_stored_under_the_keys_of_an_added_encoding(store, hashed, shards, body):
    """Whole and in part, in shards and without, in memory and in files."""
    array = zarrpy.create_array(
        store, data=VALUES, chunks=(2, 4), shards=shards, chunk_key_encoding=hashed
    )
    array[1, 3] = -1
    opened = zarrpy.open(store)

    assert (opened[1:, 2:6] == array[1:, 2:6]).all()
    assert opened[1, 3] == -1
    assert array.chunk_key((0, 1)) in store.list() if not shards else True
    assert {key.partition("/")[0] for key in store.list()} == {"0", "1", "zarr.json"}


def test_the_document_says_name_and_configuration(hashed):
    """An object says the same as a document."""
    array = zarrpy.create_array({}, shape=4, dtype="i4", chunk_key_encoding=Hashed(2))

    assert array.metadata.chunk_keys.to_v3() == hashed
    assert zarrpy.open(array.store).metadata == array.metadata


def test_keys_are_read_back_and_strangers_are_not_keys(hashed):
    """Only the one spelling that a chunk has counts."""
    keys = zarrpy.create_array({}, shape=(4, 4), chunks=2, dtype="i4",
                               chunk_key_encoding=hashed).metadata.chunk_keys  # fmt: skip

    assert keys.grid_index(keys.key((1, 0)), 2) == (1, 0)
    for stranger in ("0/at_1_0", "1/at_1_00", "1/at_1", "readme.txt", "1/at_x_0"):
        with pytest.raises(MetadataError, match="is not the key of a chunk of 2 dimensions"):
            keys.grid_index(stranger, 2)


def test_copies_and_conversions_know_the_chunks(hashed):
    """They list the store, and tell chunks by their keys."""
    store, there = {}, {}
    zarrpy.create_array(store, data=VALUES, chunks=(2, 4), chunk_key_encoding=hashed)
    store["1/notes.txt"] = b"not a chunk"

    zarrpy.convert(store, zarr_format=2, target=there)

    assert "0.1" in there
    assert (zarrpy.open(there)[...] == VALUES).all()


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../up", "zarr.json", "a/.zarray", "__x", 5])
def test_what_is_no_key_is_refused_before_it_is_written(key):
    """A plug-in that is wrong must not write where it pleases."""
    zarrpy.register_chunk_key_encoding(Colliding)
    store = {}
    try:
        array = zarrpy.create_array(store, shape=4, dtype="i4",
                                    chunk_key_encoding={"name": "test.colliding"})  # fmt: skip
        Colliding.key = key
        with pytest.raises(MetadataError, match="gives no key for chunk"):
            array[...] = 1
        assert list(store) == ["zarr.json"]
    finally:
        Colliding.key = "x"
        zarrpy.unregister_chunk_key_encoding("test.colliding")


def test_chunks_that_would_share_a_key_are_refused_before_one_overwrites_another():
    """The second one would be stored in place of the first."""
    zarrpy.register_chunk_key_encoding(Colliding)
    store = {}
    try:
        array = zarrpy.create_array(store, shape=4, chunks=2, dtype="i4",
                                    chunk_key_encoding={"name": "test.colliding"})  # fmt: skip
        with pytest.raises(MetadataError, match=r"chunk \(1,\) a key that it does not read as"):
            array[2:] = 1
        assert list(store) == ["zarr.json"]
    finally:
        zarrpy.unregister_chunk_key_encoding("test.colliding")


@pytest.mark.parametrize("configuration", [{"folder": 2}, {"folders": 0}, {"folders": "2"}])
def test_a_bad_configuration_is_refused_at_create(hashed, configuration):
    """And names what is wrong."""
    with pytest.raises(MetadataError, match="chunk_key_encoding"):
        zarrpy.create_array({}, shape=4, dtype="i4", chunk_key_encoding={
            "name": "test.hashed", "configuration": configuration})  # fmt: skip


def test_an_encoding_that_is_not_known_is_refused_by_name(hashed):
    """With those that are, and the way to add one."""
    store = {}
    zarrpy.create_array(store, data=VALUES, chunk_key_encoding=hashed)
    zarrpy.unregister_chunk_key_encoding("test.hashed")
    try:
        with pytest.raises(UnsupportedExtensionError, match=r"test\.hashed.*known: default, v2"):
            zarrpy.open(store)
    finally:
        zarrpy.register_chunk_key_encoding(Hashed)


def test_zarr_v2_has_no_other_encoding_than_its_own(hashed):
    """Nothing in its documents could name it."""
    with pytest.raises(MetadataError, match="has only the chunk key encoding 'v2'"):
        zarrpy.create_array({}, shape=4, dtype="i4", zarr_format=2, chunk_key_encoding=hashed)


def test_encodings_are_listed_with_what_they_are(hashed):
    """Name, kind, description, version, and whether they can be used."""
    told = {each.name: each for each in zarrpy.available_chunk_key_encodings()}

    assert {"default", "v2", "zarrs.default_suffix"} < set(told)
    info = told["test.hashed"]
    assert (info.kind, info.version, info.available) == ("chunk key encoding", "1.2", True)
    assert info.description == "Spread chunks over folders by the sum of their indexes."


def test_names_that_are_taken_are_not_taken_again(hashed):
    """One of a program is replaced by force; a built-in one never is."""
    with pytest.raises(ValueError, match="already"):
        zarrpy.register_chunk_key_encoding(Hashed)
    zarrpy.register_chunk_key_encoding(Hashed, force=True)
    with pytest.raises(ValueError, match="is built in"):
        zarrpy.register_chunk_key_encoding(type("V2", (Hashed,), {"name": "v2"}), force=True)
    with pytest.raises(TypeError, match="no class of chunk key encodings"):
        zarrpy.register_chunk_key_encoding(str)
    with pytest.raises(KeyError):
        zarrpy.unregister_chunk_key_encoding("test.unknown")
