"""`zarrpy.checksum`: equal for equal data, however they are stored, and for nothing else."""

import asyncio

import numpy as np
import pytest

import zarrpy
from zarrpy.ops.blocks import NELEMENTS, block_shape, boxes
from zarrpy.stores import MemoryStore

VALUES = np.arange(600, dtype="f8").reshape(20, 30)


def digest(values=VALUES, attributes=None, kind="content", **how):
    """Digest of an array that is stored in some way."""
    store = MemoryStore()
    zarrpy.create_array(store, data=values, attributes=attributes or {}, **how)
    return zarrpy.checksum(store, kind=kind)


@pytest.mark.parametrize(
    "how",
    [
        {"chunks": (7, 11)},
        {"chunks": (20, 30), "compressors": None},
        {"chunks": (5, 5), "shards": (10, 10)},
        {"zarr_format": 2, "compressors": "zstd"},
        {"zarr_format": 2, "dtype": ">f8"},
        {"order": "F"},
        {"chunks": [[3, 17], [30]]},
    ],
    ids=str,
)
def test_storage_makes_no_difference(how):
    """Chunks, codecs, byte order and format are not part of the content."""
    assert digest(**how) == digest()


@pytest.mark.parametrize(
    "other",
    [
        {"values": VALUES + (VALUES == 17)},
        {"values": VALUES.reshape(30, 20)},
        {"values": VALUES.astype("f4")},
        {"values": VALUES.astype("i8")},
        {"attributes": {"unit": "K"}},
        {"dimension_names": ("y", "x")},
    ],
    ids=lambda other: next(iter(other)),
)
def test_content_makes_a_difference(other):
    """Elements, shape, data type, names of dimensions and attributes."""
    assert digest(**other) != digest()


def test_the_order_of_attributes_makes_none():
    """An object of JSON has no order."""
    assert digest(attributes={"a": 1, "b": 2}) == digest(attributes={"b": 2, "a": 1})


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "bc", ""], np.dtypes.StringDType()),
        np.array(["2000-01-01", "NaT"], "M8[D]"),
        np.array([(1, 2.0)], [("a", "i2"), ("b", "f4")]),
        np.zeros((), "i4"),
        np.zeros((0, 3), "i4"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_every_data_type_has_one(values):
    """And a copy in other chunks has the same."""
    store = MemoryStore()
    zarrpy.create_array(store, name="a", data=values)
    zarrpy.copy(zarrpy.open(store)["a"], store, "b")

    first, second = (zarrpy.checksum(store, path=path) for path in "ab")

    assert first == second


def test_chunks_that_were_never_written_are_fill_values():
    """Stored or not."""
    store = MemoryStore()
    zarrpy.create_array(store, shape=(20, 30), dtype="f8", fill_value=2)

    assert zarrpy.checksum(store) == digest(np.full((20, 30), 2.0))


def test_a_hierarchy_is_hashed_by_the_names_of_its_nodes(tmp_path):
    """A converted one has the same digest, one with another name has another."""
    for name in ("a", "b"):
        zarrpy.create_array(tmp_path / "h", name=name, data=VALUES, attributes={"n": name})
    before = zarrpy.checksum(tmp_path / "h")

    zarrpy.convert(tmp_path / "h", zarr_format=2)

    assert zarrpy.checksum(tmp_path / "h") == before
    zarrpy.open(tmp_path / "h").rename("a", "c")
    assert zarrpy.checksum(tmp_path / "h") != before


def test_a_tree_is_hashed_by_its_bytes(tmp_path):
    """Locks of writers are not part of it."""
    zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=10)
    before = zarrpy.checksum(tmp_path / "a", kind="tree")
    (tmp_path / "a/c/0/0.__lock").write_bytes(b"")

    assert zarrpy.checksum(tmp_path / "a", kind="tree") == before
    assert digest(kind="tree", chunks=(5, 5)) != digest(kind="tree")

    (tmp_path / "a/c/0/0").write_bytes(b"x")
    assert zarrpy.checksum(tmp_path / "a", kind="tree") != before


def test_damage_is_an_error_and_not_a_digest(tmp_path):
    """Of what cannot be read there is none."""
    zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=10)
    (tmp_path / "a/c/0/0").write_bytes(b"x")

    with pytest.raises(zarrpy.CorruptChunkError, match="c/0/0"):
        zarrpy.checksum(tmp_path / "a")


def test_wrong_calls_are_refused(tmp_path):
    """Before anything is read."""
    with pytest.raises(ValueError, match="content"):
        zarrpy.checksum(tmp_path, kind="md5")
    for kind in ("content", "tree"):
        with pytest.raises(zarrpy.NodeNotFoundError):
            zarrpy.checksum(tmp_path / "nowhere", kind=kind)


def test_it_can_be_awaited():
    """And is the same."""
    store = MemoryStore()
    zarrpy.create_array(store, data=VALUES)

    assert asyncio.run(zarrpy.checksum.aio(store)) == zarrpy.checksum(store)


@pytest.mark.parametrize("shape", [(), (5,), (3, 0), (10**9,), (1000, 1000, 1000), (7, 1, 10**7)])
def test_blocks_are_bounded_and_cover_a_shape(shape):
    """Each element lies in one of them."""
    steps = block_shape(shape)

    assert np.prod(steps) <= NELEMENTS
    if np.prod(shape) < 10**8:
        assert sum(np.prod([s.stop - s.start for s in box]) for box in boxes(shape)) == np.prod(
            shape
        )
