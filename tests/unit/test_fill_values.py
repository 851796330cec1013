"""Fill values and arrays of unusual sizes: bit for bit, without axes, without elements."""

import numpy as np
import pytest

import zarrpy


def bits(value, dtype):
    """Make a float of so many bits, as integer."""
    return np.array(value, f"u{np.dtype(dtype).itemsize}").view(dtype)[()]


PLAIN_BITS = [0x7FC00000, 0x7F800000, 0xFF800000, 0x80000000, 0, 0x3FC00000]


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
@pytest.mark.parametrize(
    ("zarr_format", "fill"),
    [(2, fill) for fill in PLAIN_BITS]
    # Zarr v2 has words for one NaN only; others are refused there
    + [(3, fill) for fill in [*PLAIN_BITS, 0x7FC00001, 0xFFC00000, 0x7FA00000]],
)
def test_a_fill_value_is_kept_bit_for_bit(store, body, zarr_format, dtype, fill):
    """NaN with its payload and sign, infinities, and the zero that is negative."""
    value = bits(fill, "f4")
    zarrpy.create_array(store, shape=3, dtype=dtype, fill_value=value, zarr_format=zarr_format)

    again = zarrpy.open(store)

    assert again.fill_value.view("u4") == fill
    assert again[...].view("u4").tolist() == [fill] * 3
    assert again[0].view("u4") == fill


@pytest.mark.parametrize("dtype", ["f2", "<f8", ">f8", "c8", ">c16"])
@pytest.mark.parametrize("compressors", [None, "auto"])
def test_what_equals_the_fill_value_is_compared_bit_for_bit(store, body, dtype, compressors):
    """-0.0 is not 0.0, and one NaN is not another: only the very same bits are left out."""
    array = zarrpy.create_array(store, shape=6, chunks=1, dtype=dtype, compressors=compressors)
    values = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, 1], array.dtype)

    array[...] = values

    assert array[...].tobytes() == values.tobytes()
    assert sorted(store.list("c/")) == [f"c/{i}" for i in range(1, 6)]


def test_nan_that_is_the_fill_value_is_left_out(store, body):
    """NaN does not equal itself, but its bits do; one with other bits is stored."""
    array = zarrpy.create_array(store, shape=3, chunks=1, dtype="f4", fill_value=np.nan)
    values = np.array([0x7FC00000, 0x7FC00001, 0xFFC00000], "u4").view("f4")

    array[...] = values

    assert sorted(store.list()) == ["c/1", "c/2", "zarr.json"]
    assert array[...].view("u4").tolist() == values.view("u4").tolist()


def test_a_fill_value_that_is_not_defined_reads_as_zero(store, body):
    """Zarr v2 may leave it open, and it stays open."""
    zarrpy.create_array(store, shape=2, dtype="f4", fill_value=None, zarr_format=2)

    assert zarrpy.open(store)[...].tolist() == [0, 0]
    assert b'"fill_value": null' in bytes(store.get(".zarray"))


@pytest.mark.parametrize("dtype", ["M8[ns]", ">m8[10s]"])
def test_a_date_without_a_fill_value_is_not_a_time_before_and_after_opening(store, body, dtype):
    """zarr-python leaves chunks of nothing else unwritten, too, so zero would be another date."""
    values = np.array(["NaT", "NaT", 5], dtype)
    array = zarrpy.create_array(
        store, shape=3, chunks=1, dtype=dtype, fill_value=None, zarr_format=2
    )

    array[...] = values

    assert np.isnat(array.fill_value)
    assert np.isnat(zarrpy.open(store).fill_value)
    assert zarrpy.open(store)[...].tobytes() == array[...].tobytes()
    assert np.isnat(zarrpy.open(store)[...]).tolist() == [True, True, False]


# ------------------------- shapes at the edges


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0, 2), (1,), (1, 1, 1)])
def test_arrays_of_every_size_are_written_and_read(store, body, zarr_format, shape):
    """Those without axes and those without elements are arrays too."""
    values = np.arange(np.prod(shape), dtype="i4").reshape(shape) + 1

    array = zarrpy.create_array(store, data=values, chunks=2, zarr_format=zarr_format)
    array[...] = array[...] * 2

    again = zarrpy.open(store)
    assert (again.shape, again.size, again.nbytes) == (shape, values.size, values.nbytes)
    assert np.array_equal(again[...], values * 2)


def test_a_0d_array_is_written_by_every_index(store, body):
    """The empty one, the ellipsis and new axes."""
    array = zarrpy.create_array(store, shape=(), dtype="i4")
    seen = []

    for key, value in [((), 1), (..., 2), (None, [3]), ((..., None), 4)]:
        array[key] = value
        seen.append(array[()])

    assert seen == [1, 2, 3, 4]


def test_chunks_larger_than_the_array_hold_the_fill_value_beyond_it(store):
    """Edge chunks are whole chunks."""
    array = zarrpy.create_array(
        store, data=np.ones(3, "u1"), chunks=5, compressors=None, fill_value=7
    )

    assert bytes(store.get("c/0")) == bytes([1, 1, 1, 7, 7])
    assert array[...].tolist() == [1, 1, 1]
