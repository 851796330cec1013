"""Tests of `zarrpy.codecs.delta`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.delta import Delta
from zarrpy.errors import CodecError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract

NATIVE = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]


class TestDeltaOfBytes(ArrayToArrayContract):
    codecs = (
        Delta("u1"),
        Delta("u1", "i2"),
    )
    dtypes = ("u1", "i1")


class TestDeltaOfDoubles(ArrayToArrayContract):
    codecs = (
        Delta("<f8"),
        Delta(">f8"),
        Delta("<i8", "<i2"),
    )
    dtypes = ("f8",)
    lossy = True


class TestDeltaOfIntegers(ArrayToArrayContract):
    codecs = (
        Delta("<i4"),
        Delta(">i4"),
        Delta("<i4", "<i2"),
    )
    dtypes = ("i4",)


@pytest.mark.parametrize("dtype", NATIVE)
@given(data=st.data())
def test_the_native_form_gives_the_bits_of_numcodecs(dtype, data):
    """Differences and sums are the same to the bit: they wrap around, and round, alike."""
    shape = st.integers(1, 60)
    array = data.draw(hnp.arrays(dtype, shape))
    step = Delta(dtype).step(ChunkSpec(array.shape, array.dtype, None))
    theirs = numcodecs.Delta(dtype)

    with np.errstate(all="ignore"):
        wanted = theirs.encode(array)
        restored = theirs.decode(wanted)

    encoded = encode_step(step, array.tobytes())
    decoded = decode_step(step, encoded, array.nbytes)
    same_bits(encoded, wanted)
    same_bits(decoded, restored)


def same_bits(found, wanted):
    """Compare bits; where a NaN stands, any NaN will do, as its bits depend on the order."""
    found = np.frombuffer(found, wanted.dtype)
    if wanted.dtype.kind == "f":
        nan = np.isnan(wanted)
        assert np.array_equal(np.isnan(found), nan)
        found, wanted = found[~nan], wanted[~nan]
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("dtype", NATIVE)
@given(data=st.data())
def test_the_native_form_agrees_with_python(dtype, data):
    """Both forms of the codec mean the same."""
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3)))
    codec = Delta(dtype)
    spec = ChunkSpec(array.shape, array.dtype, None)

    encoded = codec.encode(array)

    same_bits(encode_step(codec.step(spec), array.tobytes()), encoded.reshape(-1))
    decoded = codec.decode(encoded, spec)
    assert decoded.shape == array.shape
    same_bits(decode_step(codec.step(spec), encoded.tobytes(), array.nbytes), decoded.reshape(-1))


@pytest.mark.parametrize("astype", ["i1", "i2", "u1", "i8", "f4"])
def test_a_narrower_type_gives_the_differences_of_numcodecs(astype):
    """Small differences need few bits; the sums come back in the wide type."""
    array = np.cumsum(np.random.default_rng(0).integers(-9, 9, 200)).astype("i4") % 100
    ours, theirs = Delta("i4", astype), numcodecs.Delta("i4", astype)

    encoded = ours.encode(array)

    assert encoded.tobytes() == theirs.encode(array).tobytes()
    spec = ChunkSpec(array.shape, array.dtype, None)
    decoded = theirs.decode(encoded).tobytes()
    assert ours.decode(encoded, spec).tobytes() == decoded
    step = ours.step(spec)
    assert encode_step(step, array.tobytes()) == encoded.tobytes()
    assert decode_step(step, encoded.tobytes(), array.nbytes) == decoded


def test_a_long_chunk_is_worked_on_in_blocks_that_join():
    """The last value of a block is what the first of the next one is compared with."""
    array = np.random.default_rng(0).integers(-(2**40), 2**40, 1500)
    codec = Delta("i8")
    spec = ChunkSpec(array.shape, array.dtype, None)

    encoded = encode_step(codec.step(spec), array.tobytes())

    assert encoded == codec.encode(array).tobytes()
    assert decode_step(codec.step(spec), encoded, array.nbytes) == array.tobytes()


def test_arrays_in_fortran_order_are_taken_by_their_axes():
    """The order of elements is that of the axes, not that of memory."""
    array = np.asfortranarray(np.arange(12, dtype="i4").reshape(3, 4))

    assert Delta("i4").encode(array).reshape(-1).tolist() == [0] + [1] * 11


@pytest.mark.parametrize("dtype", [None, 4, "no type", "S4", "O", ["i4"]])
def test_a_bad_data_type_is_refused(dtype):
    """It is a number's type, in NumPy's words."""
    with pytest.raises(MetadataError, match=r"numcodecs\.delta\.dtype must be"):
        Delta(dtype)


def test_an_array_of_another_size_is_refused():
    """Elements can be looked at as another type only when they are as long."""
    spec = ChunkSpec((4,), np.dtype("f8"), None)

    with pytest.raises(CodecError, match=r"numcodecs\.delta: is made for <i4"):
        Delta.from_config({"dtype": "<i4"}, spec=spec)


def test_flags_are_refused():
    """They have no differences: NumPy's would not add up to them again."""
    with pytest.raises(MetadataError, match="dtype"):
        Delta("|b1")
