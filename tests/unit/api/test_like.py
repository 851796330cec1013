"""Tests of `zarrpy.from_array`, `open_like`, and arrays like others."""

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import regions
from zarrpy.errors import NodeExistsError, ShapeMismatchError


@pytest.fixture(params=[2, 3])
def array(request, store):
    """An array that has a layout of its own, of each format."""
    return zarrpy.create_array(
        store, name="a", data=np.arange(24, dtype=">i4").reshape(6, 4), chunks=(2, 3),
        compressors="gzip:7", fill_value=9,
        attributes={"n": 1}, dimension_names=["x", "y"], zarr_format=request.param,
    )  # fmt: skip


def test_an_array_is_taken_as_it_is_stored(array, contents):
    """Byte by byte, when nothing else is asked for."""
    target = zarrpy.MemoryStore()

    copied = zarrpy.from_array(target, data=array)

    assert {f"a/{key}": value for key, value in contents(target).items()} == {
        key: value for key, value in contents(array.store).items() if key.startswith("a/")
    }
    assert copied.metadata == array.metadata


@pytest.mark.parametrize("slab", [1, 50, 2**20])
def test_what_is_not_said_stays_as_it_is(array, slab, monkeypatch):
    """Codecs, fill value, attributes, names; values go by a part at a time."""
    monkeypatch.setattr(regions, "REGION_NBYTES", slab)

    copied = zarrpy.from_array({}, data=array, chunks=(4, 4))

    assert copied.chunks == (4, 4)
    assert np.array_equal(copied[...], array[...])
    assert copied.compressors == array.compressors
    assert copied.filters == array.filters
    assert (copied.fill_value, copied.metadata.attributes_apart) == (9, {"n": 1})
    assert copied.dimension_names == ("x", "y")
    renamed = zarrpy.from_array({}, data=array, dimension_names=["p", "q"])
    assert renamed.dimension_names == ("p", "q")
    assert copied.metadata.zarr_format == array.metadata.zarr_format


def test_another_type_or_format_can_be_asked_for(array):
    """What does not fit it is chosen anew."""
    other = 5 - array.metadata.zarr_format

    assert zarrpy.from_array({}, data=array, dtype="f8")[2, 1] == array[2, 1]
    copied = zarrpy.from_array({}, data=array, zarr_format=other, filters=None)
    assert copied.metadata.zarr_format == other
    assert np.array_equal(copied[...], array[...])


def test_only_what_describes_it_can_be_taken(array):
    """Without values."""
    copied = zarrpy.from_array({}, data=array, write_data=False)

    assert copied.metadata == array.metadata
    assert (copied[...] == 9).all()


def test_values_of_numpy_are_taken_as_well():
    """With keywords of `create_array`; "keep" says nothing about them."""
    copied = zarrpy.from_array({}, data=np.arange(4), chunks=2, compressors="keep")

    assert (copied.chunks, copied[...].tolist()) == ((2,), [0, 1, 2, 3])


def test_what_is_there_is_not_replaced(array):
    """Unless asked for."""
    with pytest.raises(NodeExistsError):
        zarrpy.from_array(array.store, name="a", data=np.arange(2))
    assert zarrpy.from_array(array.store, name="a", data=[5], overwrite=True)[0] == 5


def test_an_array_is_opened_or_created_like_another(array, tmp_path):
    """With its shape, type and chunks; an array of another shape is an error."""
    made = zarrpy.open_like(array, tmp_path / "b")
    made[...] = 1

    assert (made.shape, made.dtype, made.chunks) == (array.shape, array.dtype, array.chunks)
    assert zarrpy.open_like(array, tmp_path / "b")[0, 0] == 1
    with pytest.raises(ShapeMismatchError):
        zarrpy.open_like(np.zeros(3), tmp_path / "b")


def test_a_group_makes_arrays_of_one_value(store):
    """By name, and like others."""
    group = zarrpy.create_group(store)
    other = zarrpy.create_array({}, shape=(3, 2), dtype="i2", chunks=(1, 2), fill_value=4)

    assert group.zeros("z", (2,)).dtype == np.dtype("f8")
    assert group.ones(name="o", shape=2)[...].tolist() == [1, 1]
    assert group.full("f", 2, 7, dtype="i1")[0] == 7
    assert group.empty(name="e", shape=(1, 1)).shape == (1, 1)
    for name, value in [("zeros", 0), ("ones", 1), ("full", 4)]:
        made = getattr(group, f"{name}_like")(f"{name}/x", other)
        assert (made.shape, made.dtype, made.chunks) == ((3, 2), np.dtype("i2"), (1, 2))
        assert made[0, 0] == value
    assert group.empty_like(name="el", data=np.ones(2)).shape == (2,)
    assert group.create("c", shape=1, dtype="i1").path == "c"
