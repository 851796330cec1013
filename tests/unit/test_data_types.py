"""Data types that are no plain numbers, through the public interface and to disk."""

from dataclasses import replace

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.dtypes import from_numpy

EVENT = [("time", "M8[s]"), ("name", "U4"), ("place", [("lat", "f4"), ("lon", "f4")])]
VALUES = {
    "M8[D]": ["2020-01-31", "NaT", "1969-12-31"],
    "m8[10ms]": [-1, 0, 2**40],
    "U3": ["", "Łód", "\U0001f40d"],
    "S3": [b"", b"a", b"xyz"],
    "V3": [b"abc", b"\0\0\0", b"\xff\0\1"],
    "struct": [(1, "a", (0.5, -0.5)), (2, "", (1, 2)), (3, "bcde", (3, 4))],
}


def values_of(name):
    return np.array(VALUES[name], EVENT if name == "struct" else name)


@pytest.fixture(params=["memory", "local"])
def store(request, tmp_path):
    return {} if request.param == "memory" else tmp_path / "a.zarr"


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("order", "<>")
def test_an_array_is_stored_and_opened_again(store, name, zarr_format, order):
    """With the default codecs, in any store, in both byte orders."""
    values = values_of(name)

    zarrpy.create_array(
        store, data=values.astype(values.dtype.newbyteorder(order)), chunks=2,
        zarr_format=zarr_format,
    )  # fmt: skip
    array = zarrpy.open(store)
    array[1] = values[2]

    assert array.dtype == values.dtype
    assert array[...].tobytes() == values[[0, 2, 2]].tobytes()
    assert array[::-1].tolist() == values[[2, 2, 0]].tolist()


@pytest.mark.parametrize("name", VALUES)
def test_elements_that_were_never_written_are_the_fill_value(store, name):
    """Which is also what a chunk is compared with before it is left out."""
    values = values_of(name)

    array = zarrpy.create_array(store, shape=4, chunks=2, dtype=values.dtype, fill_value=values[2])
    array[:2] = values[2]

    assert [key for key in array.store.list() if key.startswith("c/")] == []
    assert zarrpy.open(store)[...].tobytes() == np.full(4, values[2], values.dtype).tobytes()


def test_a_nan_within_a_structure_is_compared_by_its_bits():
    """Another NaN is another value, and -0.0 is not 0.0."""
    dtype = np.dtype([("a", "f4"), ("b", "i4")])
    usual = np.array([(np.nan, 0)], dtype)
    other = usual.copy()
    other.view("u4")[0] += 1
    store = {}
    array = zarrpy.create_array(store, shape=2, chunks=1, dtype=dtype, fill_value=usual[0])

    array[:1] = usual
    array[1:] = other

    assert sorted(store) == ["c/1", "zarr.json"]
    assert array[...].tobytes() == usual.tobytes() + other.tobytes()


@pytest.mark.parametrize("dtype", ["U100", "S300", [("a", "U70"), ("b", "f8")]])
@pytest.mark.parametrize("compressors", ["auto", "blosc:lz4:5:bitshuffle"])
def test_elements_may_be_wider_than_blosc_counts(dtype, compressors):
    """It counts to 255 bytes."""
    values = np.zeros(100, dtype)
    values.view("u1").reshape(100, -1)[:, 0] = np.arange(100)

    array = zarrpy.create_array({}, data=values, chunks=30, compressors=compressors)

    assert array.codecs.native
    assert array[...].tobytes() == values.tobytes()


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_dates_may_be_stored_as_differences(zarr_format):
    """Of their counts; not-a-time wraps around and comes back."""
    values = np.array([5, 7, -(2**63), 2**62], "i8").view("M8[s]")

    array = zarrpy.create_array({}, data=values, filters="delta", zarr_format=zarr_format)

    assert array.codecs.native
    assert array.filters[0].to_config()["dtype"].endswith("i8")
    assert array[...].tobytes() == values.tobytes()


def test_like_another_array_is_of_its_data_type():
    """Which says more than NumPy's does."""
    document = {"name": "raw_bytes", "configuration": {"length_bytes": 3}}
    array = zarrpy.create_array({}, shape=3, dtype=document)

    assert zarrpy.zeros_like(array).metadata.data_type == array.metadata.data_type
    assert zarrpy.full_like(array, b"abc")[0].tobytes() == b"abc"


def test_a_required_array_may_be_of_any_data_type():
    """Named as on creation."""
    group = zarrpy.create_group({})
    group.require_array("a", shape=3, dtype="r24")

    assert group.require_array("a", shape=3, dtype="r24").dtype == np.dtype("V3")
    with pytest.raises(TypeError, match="has data type"):
        group.require_array("a", shape=3, dtype="M8[s]")


def test_information_tells_unit_and_length():
    """The name alone would leave them out."""
    dates = zarrpy.create_array({}, shape=3, dtype="M8[10us]")
    texts = zarrpy.create_array({}, shape=3, dtype="U4")

    assert "numpy.datetime64 (datetime64[10us])" in str(dates.info)
    assert "fixed_length_utf32 (<U4)" in str(texts.info)


@pytest.mark.parametrize("dtype", ["O", [("a", "O")], np.longdouble, "int128", "float33"])
def test_a_type_that_zarr_has_not_is_refused_before_anything_is_stored(dtype):
    """Python objects among them: they would be pointers."""
    store = {}

    with pytest.raises(UnsupportedExtensionError):
        zarrpy.create_array(store, shape=3, dtype=dtype)

    assert store == {}


@pytest.mark.parametrize("dtype", ["U", "S", "V"])
def test_a_length_has_to_be_given(dtype):
    """Strings of any length are something else."""
    with pytest.raises(MetadataError, match="give a length"):
        zarrpy.create_array({}, shape=3, dtype=dtype)


def test_v3_refuses_what_only_v2_can_say():
    """Fields that hold arrays."""
    with pytest.raises(MetadataError, match="has no form in Zarr v3"):
        zarrpy.create_array({}, shape=3, dtype=[("a", "f4", (2,))])


def test_a_built_in_type_can_be_replaced_and_comes_back():
    """It cannot be taken away."""
    int32, _ = from_numpy("int32")
    with pytest.raises(KeyError, match="'int32' is built in"):
        zarrpy.unregister_data_type("int32")
    other = replace(int32, configuration=None)
    zarrpy.register_data_type(other, force=True)
    zarrpy.unregister_data_type("int32")

    assert from_numpy("int32")[0] is int32
    assert zarrpy.create_array({}, shape=2, dtype="i4")[...].tolist() == [0, 0]
    with pytest.raises(KeyError, match="'int32' is built in"):
        zarrpy.unregister_data_type("int32")


@pytest.mark.parametrize("given", ["int", int, None, 5])
def test_what_is_no_data_type_is_not_registered(given):
    """A record says how fill values are written, which a name does not."""
    with pytest.raises(TypeError, match="is no record of a data type"):
        zarrpy.register_data_type(given)
