"""Tests of `zarrpy.codecs.packbits`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.codecs.judged import judge
from zarrpy._native.steps import decode_step
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.packbits import PackBits, PackBitsOfBooleans
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract, ArrayToBytesContract


class TestPackBitsOfBooleans(ArrayToArrayContract):
    codecs = (PackBitsOfBooleans(),)
    dtypes = ("?",)


class TestPackBits(ArrayToBytesContract):
    codecs = (PackBits(), PackBits("first_byte"), PackBits("last_byte"))
    dtypes = ("?", "i1", "u2", "i8", "f4", "c16")


class TestPackBitsOfSomeBits(ArrayToBytesContract):
    codecs = (PackBits(last_bit=7), PackBits("last_byte", 0, 7))
    dtypes = ("u1", "i2", "u8", "i4")


@given(hnp.arrays("?", hnp.array_shapes(max_dims=3)))
def test_booleans_get_the_bytes_of_numcodecs(array):
    """The number of padding bits, then the first boolean in the highest bit."""
    assert judge(PackBitsOfBooleans(), numcodecs.PackBits(), array)


@given(hnp.arrays("?", st.integers(0, 70)))
def test_packbits_fills_bytes_from_their_lowest_bit(array):
    """As the specification says, and NumPy can as well."""
    encoded = bytes(PackBits().encode(array))

    assert encoded == np.packbits(array, bitorder="little").tobytes()


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
@given(data=st.data())
def test_some_bits_of_integers_come_back(dtype, data):
    """The bits between the two come back; the highest of signed ones is their sign."""
    array = data.draw(hnp.arrays(dtype, st.integers(0, 30)))
    bits = 8 * array.itemsize
    first = data.draw(st.integers(0, bits - 1))
    last = data.draw(st.integers(first, bits - 1))
    codec = PackBits(data.draw(st.sampled_from(["none", "last_byte"])), first, last)
    mask = (1 << (last + 1)) - (1 << first)
    kept = [int(x) & mask for x in array]
    if dtype[0] == "i":
        kept = [x - (1 << (last + 1)) if x >> last & 1 else x for x in kept]

    decoded = codec.decode(codec.encode(array), ChunkSpec(array.shape, array.dtype, None))

    assert decoded.tolist() == kept


def test_elements_follow_each_other_without_gaps():
    """Three elements of four bits: the first in the lower half of the first byte."""
    array = np.array([1, 2, 3], "u1")

    assert bytes(PackBits(last_bit=3).encode(array)) == b"\x21\x03"
    assert bytes(PackBits("first_byte", 0, 3).encode(array)) == b"\x04\x21\x03"
    assert bytes(PackBits("last_byte", 0, 3).encode(array)) == b"\x21\x03\x04"


def test_data_types_of_few_bits_take_no_more():
    """Two int4 share a byte, and keep their signs."""
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="pip install ml_dtypes")
    array = np.array([-3, 7, -8], ml_dtypes.int4)

    encoded = bytes(PackBits().encode(array))

    assert encoded == b"\x7d\x08"
    decoded = PackBits().decode(encoded, ChunkSpec(array.shape, array.dtype, None))
    assert decoded.tolist() == array.tolist()


def test_both_spellings_of_the_parameters_are_read():
    """Two documents of the specification differ; one is written."""
    codec = PackBits.from_config({"padding_encoding": "end_byte", "start_bit": 1, "end_bit": 3})

    assert codec.to_config() == {"padding_encoding": "last_byte", "first_bit": 1, "last_bit": 3}
    with pytest.raises(MetadataError, match="not in two spellings"):
        PackBits.from_config({"first_bit": 1, "start_bit": 1})


def test_bits_that_elements_do_not_have_are_refused():
    """A byte has 8."""
    spec = ChunkSpec((4,), np.dtype("u1"), None)

    with pytest.raises(MetadataError, match=r"packbits\.last_bit must be below 8"):
        PackBits.from_config({"last_bit": 8}, spec=spec)
    with pytest.raises(MetadataError, match=r"packbits\.last_bit must be an integer from 3"):
        PackBits(first_bit=3, last_bit=2)
    with pytest.raises(CodecError, match="packs booleans, not float32"):
        PackBitsOfBooleans.from_config({}, spec=ChunkSpec((4,), np.dtype("f4"), None))


@pytest.mark.parametrize("damaged", [b"", b"\x05", b"\x04\xa0", b"\x05\xa1", b"\x05\xa0\x00"])
def test_damage_is_noticed_by_both_forms(damaged):
    """Padding that is not what it should be is no padding."""
    spec = ChunkSpec((3,), np.dtype("?"), None)
    codec = PackBitsOfBooleans()

    with pytest.raises(CorruptChunkError):
        codec.decode(np.frombuffer(damaged, "u1"), spec)
    try:
        found = len(decode_step(codec.step(spec), damaged, 3))
    except CorruptChunkError:
        found = -1
    assert found != 3
