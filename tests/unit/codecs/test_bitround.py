"""Tests of `zarrpy.codecs.bitround`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.bitround import BitRound
from zarrpy.errors import CodecError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract


class TestBitRound(ArrayToArrayContract):
    codecs = (BitRound(1), BitRound(10))
    dtypes = ("i1", "u2", "i4", "u8", "f2", "f4", "f8", "c8", "c16")
    lossy = True


def natively(codec, array):
    """Encode by the native form."""
    step = codec.step(ChunkSpec(array.shape, array.dtype, None))
    return encode_step(step, array.tobytes())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@given(data=st.data())
def test_floats_get_the_bits_of_numcodecs(dtype, data):
    """Every number but NaN, which stays one."""
    array = data.draw(hnp.arrays(dtype, st.integers(1, 40)))
    most = {"f2": 10, "f4": 23, "f8": 52}[dtype]
    keepbits = data.draw(st.integers(0, most))
    wanted = np.frombuffer(np.asarray(numcodecs.BitRound(keepbits).encode(array)), dtype)
    nan = np.isnan(array)

    encoded = BitRound(keepbits).encode(array)

    assert encoded[~nan].tobytes() == wanted[~nan].tobytes()
    assert encoded[nan].tobytes() == array[nan].tobytes()
    assert natively(BitRound(keepbits), array) == encoded.tobytes()


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "c8", "c16"])
@given(data=st.data())
def test_the_native_form_agrees_with_python(dtype, data):
    """Both forms of the codec mean the same."""
    array = data.draw(hnp.arrays(dtype, st.integers(1, 40)))
    codec = BitRound(data.draw(st.integers(1, 23)))

    encoded = codec.encode(array).tobytes()

    assert natively(codec, array) == encoded
    step = codec.step(ChunkSpec(array.shape, array.dtype, None))
    assert decode_step(step, encoded, array.nbytes) == encoded


def test_integers_are_rounded_from_their_highest_bit():
    """Of 0b1011011 three bits stay; what has no higher neighbour becomes the highest there is."""
    array = np.array([0b1011011, 0b1001, 3, 0, 255], "u1")

    encoded = BitRound(3).encode(array)

    assert encoded.tolist() == [0b1100000, 0b1000, 3, 0, 0b11100000]


def test_dates_are_rounded_as_integers():
    """Their counts are."""
    array = np.array([1000, 1001], "M8[s]")

    assert BitRound(3).encode(array).view("i8").tolist() == [1024, 1024]


def test_more_bits_than_a_mantissa_has_are_refused():
    """float32 has 23."""
    spec = ChunkSpec((4,), np.dtype("f4"), None)

    with pytest.raises(MetadataError, match="at most 23, as float32 has no more"):
        BitRound.from_config({"keepbits": 24}, spec=spec)
    with pytest.raises(MetadataError, match="from 1 to 64"):
        BitRound.from_config({"keepbits": 0})
    with pytest.raises(CodecError, match="rounds numbers, not bool"):
        BitRound.from_config({"keepbits": 1}, spec=ChunkSpec((4,), np.dtype("?"), None))
