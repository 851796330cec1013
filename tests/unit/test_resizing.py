"""What arrays promise that grow, shrink and lose parts."""

import asyncio
import re
import time

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    MetadataError,
    NodeNotFoundError,
    ReadOnlyStoreError,
    SelectionError,
    ShapeMismatchError,
)
from zarrpy.stores import StorageTransformer

VALUES = np.arange(40).reshape(8, 5) + 1


def chunks(store):
    """Keys of the stored chunks."""
    return sorted(key for key in store.list() if key.startswith("c/"))


# ----------------------------------------------------------------------------------------- resize


def test_what_comes_in_by_growing_is_fill_value_also_in_a_chunk_that_was_cut(store, body):
    """Other implementations show there what was before the array shrank."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 3), fill_value=-1)

    array.resize((5, 4))
    array.resize((8, 5))

    expected = np.full((8, 5), -1)
    expected[:5, :4] = VALUES[:5, :4]
    assert np.array_equal(array[...], expected)


def test_chunks_outside_the_new_shape_are_deleted(store):
    """Others stay as they are, byte for byte."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 2))
    kept = bytes(store.get("c/0/0"))

    array.resize((4, 2))

    assert chunks(store) == ["c/0/0"]
    assert bytes(store.get("c/0/0")) == kept


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize("kind", ["memory", "local"])
def test_a_grid_of_very_many_chunks_is_resized_at_once(tmp_path, kind, separator):
    """Of 10^8 chunks only the few that are stored are looked at."""
    array = zarrpy.create_array(
        {} if kind == "memory" else tmp_path / "x",
        shape=(20_000, 20_000), chunks=(2, 2), dtype="u1",
        chunk_key_encoding={"name": "default", "separator": separator},
    )  # fmt: skip
    for i in (0, 5_000, 19_999):
        array[i, i] = array[0, i] = array[i, 0] = 1

    began = time.process_time()
    array.resize((9_999, 9_999))
    array.resize((20_000, 20_000))

    assert time.process_time() - began < 2  # it takes some milliseconds
    found = array.vindex[[0, 0, 0, 5000, 5000, 19_999], [0, 5000, 19_999, 0, 5000, 0]]
    assert found.tolist() == [1, 1, 0, 1, 1, 0]
    assert array[19_999, 19_999] == 0


def test_files_that_are_not_chunks_are_left_alone(store):
    """Also where many chunks are deleted by looking for them."""
    array = zarrpy.create_array(store, shape=100_000, chunks=1, dtype="u1")
    array[70_000] = 1
    store.set("c/notes", b"mine")
    store.set("c/070000", b"mine too")

    array.resize(10)

    assert chunks(store) == ["c/070000", "c/notes"]


@pytest.mark.parametrize("codec", ["numcodecs.delta", None])
def test_a_sum_within_a_chunk_is_not_spoiled_by_growing(store, body, codec):
    """Chunks of codecs that mix elements hold zeros beyond the array, which come into it."""
    array = zarrpy.create_array(
        store, shape=(3, 3), chunks=(8, 8), dtype="f4", fill_value=5, filters=codec
    )
    array[...] = 2

    array.resize((4, 6))
    array.resize((2, 5))
    array.resize((4, 6))

    expected = np.full((4, 6), 5)
    expected[:2, :3] = 2
    assert np.array_equal(array[...], expected)


def test_only_longer_or_only_shorter(store, contents):
    """A change that must not be is refused before anything is written."""
    array = zarrpy.create_array(store, data=VALUES, chunks=3)
    before = contents(store)

    with pytest.raises(ShapeMismatchError, match="axis 1 would become shorter, from 5 to 4"):
        array.resize((9, 4), expand_only=True)
    with pytest.raises(ValueError, match="axis 0 would become longer"):
        array.resize((9, 4), shrink_only=True)
    assert contents(store) == before
    array.resize((9, 5), expand_only=True)
    array.resize((2, 5), shrink_only=True)

    assert array.shape == (2, 5)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((8,), MetadataError), ((8, -1), MetadataError), ((8, 2**63), ValueError),
     ((8, 2.5), TypeError), ("ab", TypeError)],
)  # fmt: skip
def test_shapes_that_no_array_has_are_refused(store, contents, shape, kind):
    """With NumPy's classes, before anything is written."""
    array = zarrpy.create_array(store, data=VALUES)
    before = contents(store)

    with pytest.raises(kind):
        array.resize(shape)

    assert contents(store) == before
    assert array.shape == (8, 5)


def test_a_row_of_chunk_lengths_goes_on_with_its_last(store):
    """As far as the array needs."""
    array = zarrpy.create_array(store, data=np.arange(7), chunks=[[4, 3]])

    array.resize(12)

    assert array.read_chunk_sizes == ((4, 3, 3, 2),)
    assert array[...].tolist() == [*range(7), 0, 0, 0, 0, 0]
    assert zarrpy.open(store).read_chunk_sizes == ((4, 3, 3, 2),)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_resize_keeps_what_others_have_changed(store, zarr_format):
    """The handle was opened before; attributes and unknown members are those of the store."""
    array = zarrpy.create_array(store, data=VALUES, zarr_format=zarr_format)
    other = zarrpy.open(store, mode="r+")
    other.attrs["unit"] = "m"
    other.resize((9, 5))

    array.append(VALUES[:1])

    assert array.shape == (10, 5)
    assert array.attrs["unit"] == zarrpy.open(store).attrs["unit"] == "m"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_have_the_new_shape(store, zarr_format):
    """As after every change."""
    zarrpy.create_group(store, zarr_format=zarr_format)
    array = zarrpy.create_array(store, name="g/a", data=VALUES, zarr_format=zarr_format)
    array.attrs["x"] = 1
    zarrpy.consolidate_metadata(store)

    array.resize((3, 5))
    array.append(VALUES[:1])

    assert zarrpy.open_consolidated(store)["g/a"].shape == (4, 5)
    assert zarrpy.verify_consolidated(store) == ()


def test_an_array_without_axes_has_one_shape(store):
    """And one chunk, which can be discarded."""
    array = zarrpy.create_array(store, data=3)

    array.resize(())
    with pytest.raises(ValueError, match="axis 0 is out of bounds"):
        array.append([1])
    array.discard()

    assert array[()] == 0
    assert chunks(store) == []


def test_read_only_arrays_do_not_change(store):
    """Neither their shape nor their elements."""
    zarrpy.create_array(store, data=VALUES)
    array = zarrpy.open(store, mode="r")

    for change in (lambda: array.resize((1, 1)), lambda: array.append(VALUES), array.discard):
        with pytest.raises(ReadOnlyStoreError):
            change()


def test_an_array_that_was_deleted_is_not_resized(tmp_path):
    """And no directory comes back for it."""
    array = zarrpy.create_array(tmp_path / "x", name="a", data=VALUES)
    zarrpy.open_group(tmp_path / "x", mode="a")
    array.store.delete_prefix("a/")

    for change in (lambda: array.resize((1, 1)), lambda: array.append(VALUES)):
        with pytest.raises(NodeNotFoundError, match="deleted"):
            change()

    assert not (tmp_path / "x/a").exists()


class Renaming(StorageTransformer):
    """Keeps chunks under other keys."""

    name = "test.renaming"

    def _other(self, key):
        return re.sub("(^|/)c/", r"\1d/", key)  # and not where a folder's name ends with a c

    def get(self, key, byte_range=None):
        return self.store.get(self._other(key), byte_range)

    def set(self, key, value):
        self.store.set(self._other(key), value)

    def delete(self, key):
        self.store.delete(self._other(key))


def test_chunks_behind_a_storage_transformer_are_deleted(store):
    """It alone knows where they are."""
    zarrpy.register_storage_transformer(Renaming)
    try:
        array = zarrpy.create_array(
            store, data=VALUES, chunks=(4, 3),
            storage_transformers=[{"name": "test.renaming", "configuration": {}}],
        )  # fmt: skip
        array.resize((3, 2))
        assert [key for key in store.list() if key.startswith("d/")] == ["d/0/0"]
        array.resize((8, 5))
        assert array[...].sum() == VALUES[:3, :2].sum()
        array.discard()
        assert [key for key in store.list() if key.startswith("d/")] == []
    finally:
        zarrpy.unregister_storage_transformer("test.renaming")


# ----------------------------------------------------------------------------------------- append


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_append_adds_to_the_end_of_an_axis(store, body, axis):
    """And returns the new shape."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(3, 2))
    more = VALUES[:2] if axis == 0 else VALUES[:, :3]

    shape = array.append(more, axis)

    expected = np.concatenate([VALUES, more], axis)
    assert shape == array.shape == expected.shape
    assert np.array_equal(array[...], expected)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("u1", [1.9, 2], [1, 2]),
        ("f4", np.array([1, 2], ">i8"), [1, 2]),
        ("M8[D]", ["2026-11-28"], [np.datetime64("2026-11-28")]),
        ("U2", ["a", "bcd"], ["a", "bc"]),
        ("string", ["a", "bcd"], ["a", "bcd"]),
        ([("x", "i4"), ("y", "f8")], [(1, 2.5)], [(1, 2.5)]),
    ],
)
def test_what_is_appended_is_cast_as_by_an_assignment(store, dtype, value, expected):
    """From lists, other data types and byte orders."""
    array = zarrpy.create_array(store, shape=1, dtype=dtype)

    array.append(value)

    assert array[1:].tolist() == np.array(expected, array.dtype).tolist()


@pytest.mark.parametrize(
    ("value", "axis", "kind"),
    [
        (VALUES[:, :4], 0, ValueError),
        (VALUES[0], 0, ValueError),
        (5, 0, ValueError),
        (VALUES, 2, np.exceptions.AxisError),
        (VALUES, 1.5, TypeError),
        ([["x"] * 5], 0, ValueError),
    ],
)
def test_what_does_not_fit_is_refused(store, contents, value, axis, kind):
    """With NumPy's class, before anything is written; it says of which array."""
    array = zarrpy.create_array(store, name="run/t", data=VALUES)
    before = contents(store)

    with pytest.raises(kind) as caught:
        array.append(value, axis)
    if isinstance(caught.value, ShapeMismatchError | np.exceptions.AxisError):
        assert str(caught.value).startswith(f"{array.place!r}: ")

    assert contents(store) == before
    assert array.shape == (8, 5)


def test_elements_that_cannot_be_stored_are_not_appended(store, contents):
    """What was written of them is taken back."""
    array = zarrpy.create_array(
        store, data=np.ones(6), chunks=4, filters=[{"name": "cast_value", "configuration":
        {"data_type": "int8", "rounding": "towards-zero"}}], compressors=None,
    )  # fmt: skip
    before = contents(store)

    with pytest.raises(ValueError, match="cast_value"):
        array.append([1, 2, 3, 4, 5, 6, 1e9])

    assert contents(store) == before
    assert array.shape == (6,)


def test_appending_nothing_changes_nothing(store):
    """Also along an axis of an array that is empty."""
    array = zarrpy.create_array(store, shape=(4, 0), chunks=2, dtype="i4")

    assert array.append(np.zeros((0, 0))) == (4, 0)
    assert array.append(np.zeros((3, 0))) == (7, 0)
    assert array.append(np.ones((7, 2)), axis=1) == (7, 2)

    assert array[...].tolist() == [[1, 1]] * 7


def test_what_is_appended_to_a_row_of_chunk_lengths_is_a_chunk(store):
    """Where the row has come to its end."""
    array = zarrpy.create_array(store, data=np.arange(5), chunks=[[3, 2]])

    array.append(np.arange(4))
    array.append(np.arange(2))

    assert array.read_chunk_sizes == ((3, 2, 4, 2),)
    assert array[...].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 1]


# ---------------------------------------------------------------------------------------- discard


def test_chunks_inside_what_is_discarded_are_deleted(store, body):
    """Others keep what is around it."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(2, 2))
    expected = VALUES.copy()
    expected[1:6, 1:] = 0

    array.discard(np.s_[1:6, 1:])

    assert np.array_equal(array[...], expected)
    assert [key for key in chunks(store) if key[2] in "12"] == ["c/1/0", "c/2/0"]


@pytest.mark.parametrize("key", [np.s_[::3, 1], np.s_[[5, 0]], np.s_[..., -1], (VALUES > 20,)])
def test_any_selection_can_be_discarded(store, body, key):
    """Also one with gaps."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(2, 2))
    expected = VALUES.copy()
    expected[key] = 0

    array.discard(key)

    assert np.array_equal(array[...], expected)


def test_discarding_writes_no_chunk_that_was_not_stored(store):
    """Whatever `write_empty_chunks` says."""
    array = zarrpy.create_array(
        store, shape=10, chunks=4, dtype="i4", config={"write_empty_chunks": True}
    )

    array.discard(np.s_[1:7])

    assert chunks(store) == []


def test_discarding_outside_of_the_array_is_an_error(store):
    """As any index."""
    array = zarrpy.create_array(store, data=VALUES)

    with pytest.raises(SelectionError):
        array.discard(8)


def test_every_change_can_be_awaited(store):
    """By the same names."""
    array = zarrpy.create_array(store, data=VALUES, chunks=3)

    async def change():
        await array.resize.aio((4, 5))
        shape = await array.append.aio(VALUES[:2])
        await array.discard.aio(0)
        return shape

    assert asyncio.run(change()) == (6, 5)
    expected = np.concatenate([VALUES[:4], VALUES[:2]])
    expected[0] = 0
    assert np.array_equal(array[...], expected)


def test_limits_of_resize_exclude_each_other():
    """The error tells which of the two refused, and why."""
    array = zarrpy.create_array({}, name="run/t", data=VALUES)

    with pytest.raises(ShapeMismatchError, match="'/run/t': shrink_only: axis 0 would become l"):
        array.resize((9, 5), expand_only=True, shrink_only=True)
    with pytest.raises(MetadataError, match="run/t: "):
        array.resize((9, -5))
    with pytest.raises(ShapeMismatchError, match="expand_only: axis 0 would become shorter"):
        array.resize((7, 5), expand_only=True, shrink_only=True)


# ------------------------------------------------------------------------------ append bit by bit


def parts_read(monkeypatch):
    """Shapes of what is read of arrays from now on."""
    shapes = []
    read = zarrpy.Array._read

    def watched(self, chosen, *args, **keywords):
        shapes.append(chosen.shape)
        return read(self, chosen, *args, **keywords)

    monkeypatch.setattr(zarrpy.Array, "_read", watched)
    return shapes


MORE = np.arange(480).reshape(24, 20)
GRIDS = [
    {"chunks": (3, 2)},
    {"chunks": (3, 2), "shards": (6, 4)},
    {"chunks": [[5, 3, 4, 12], [2, 3, 15]]},
]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("grid", GRIDS)
def test_an_array_is_appended_bit_by_bit(store, monkeypatch, grid, axis):
    """Whatever its chunks: cut where those of the target end."""
    source = zarrpy.create_array({}, data=MORE + 1000, chunks=(2, 2))
    array = zarrpy.create_array(store, data=MORE, **grid)
    shapes = parts_read(monkeypatch)

    monkeypatch.setattr("zarrpy.engine.regions.REGION_NBYTES", 400)
    shape = array.append(source, axis)

    monkeypatch.undo()
    expected = np.concatenate([MORE, MORE + 1000], axis)
    assert (shape, array.shape) == (expected.shape, expected.shape)
    assert len(shapes) > 1
    assert sum(map(np.prod, shapes)) == MORE.size
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(zarrpy.open(store)[...], expected)


def test_a_file_in_memory_is_appended_bit_by_bit(store, tmp_path):
    """And cast on the way."""
    np.save(tmp_path / "x.npy", MORE.astype("f4"))
    array = zarrpy.create_array(store, data=MORE, chunks=(3, 2))

    with zarrpy.config.set(max_memory=600):
        array.append(np.load(tmp_path / "x.npy", mmap_mode="r"))

    np.testing.assert_array_equal(array[...], np.concatenate([MORE, MORE]))


def test_an_array_is_appended_to_itself(store):
    """As it was before."""
    array = zarrpy.create_array(store, data=MORE, chunks=(3, 2))

    with zarrpy.config.set(max_memory=600):
        array.append(array)

    np.testing.assert_array_equal(array[...], np.concatenate([MORE, MORE]))


def test_texts_are_appended_bit_by_bit(store):
    """Elements of any length are cast as well."""
    words = [str(i) * i for i in range(50)]
    texts = zarrpy.create_array({}, data=np.array(words, dtype="T"), chunks=1)
    array = zarrpy.create_array(store, data=np.array(["x"], dtype="T"), chunks=2)

    with zarrpy.config.set(max_memory=400):
        array.append(texts)

    assert array[...].tolist() == ["x", *words]


def test_a_source_that_cannot_be_read_changes_nothing(tmp_path, contents):
    """Also when that shows half-way."""
    source = zarrpy.create_array(tmp_path / "s", data=MORE, chunks=(1, 20))
    array = zarrpy.create_array(tmp_path / "a", data=MORE, chunks=(1, 20))
    (tmp_path / "s/c/23/0").write_bytes(b"damaged")
    before = contents(array.store)

    with zarrpy.config.set(max_memory=2000), pytest.raises(zarrpy.CorruptChunkError):
        array.append(source)

    assert contents(array.store) == before


def test_what_cannot_be_cast_or_fit_is_not_begun(store, contents):
    """Arrays of other shapes and of other kinds."""
    array = zarrpy.create_array(store, data=VALUES, chunks=(3, 2))
    before = contents(store)

    with pytest.raises(ShapeMismatchError):
        array.append(zarrpy.create_array({}, data=VALUES.T))
    with pytest.raises((TypeError, ValueError)):
        array.append(zarrpy.create_array({}, data=np.full((1, 5), "x", dtype="U3")))

    assert contents(store) == before
