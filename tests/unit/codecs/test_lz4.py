"""Tests of `zarrpy.codecs.lz4` and `zarrpy.codecs.snappy`."""

import numcodecs
import numpy as np
import pytest
import snappy
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.codecs.lz4 import LZ4
from zarrpy.codecs.snappy import Snappy
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

DATA = np.arange(50_000, dtype="i4").tobytes()


class TestLZ4(BytesToBytesContract):
    codecs = (
        LZ4(),
        LZ4(acceleration=20),
        LZ4(acceleration=-3),
    )


class TestSnappy(BytesToBytesContract):
    codecs = (Snappy(),)


@pytest.mark.parametrize("acceleration", [-1, 0, 1, 7])
def test_lz4_gives_the_bytes_of_numcodecs(acceleration):
    """The size in front and the block behind it are the same, byte for byte."""
    theirs = numcodecs.LZ4(acceleration)
    ours = LZ4(acceleration)

    assert ours.encode(DATA) == bytes(theirs.encode(DATA))
    assert ours.decode(theirs.encode(DATA), len(DATA)) == DATA


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, len(DATA) + 1, len(DATA) - 1, 0])
def test_a_wrong_size_in_front_is_refused(size):
    """The size is checked before memory is asked for, and against what comes out."""
    encoded = LZ4().encode(DATA)

    with pytest.raises(CorruptChunkError, match="lz4"):
        LZ4().decode(size.to_bytes(4, "little") + encoded[4:], len(DATA))


@given(st.binary(max_size=3000), st.integers(1, 40))
def test_snappy_of_another_implementation_is_read_and_reads_ours(data, times):
    """The raw format is the same both ways, for every input."""
    data = data * times

    assert snappy.uncompress(Snappy().encode(data)) == data
    assert Snappy().decode(snappy.compress(data), len(data)) == data


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        ("", "size at the front"),
        ("ffffffffff01", "size at the front"),
        ("ffffffff7f", "size at the front"),
        ("0308", "literal is longer"),
        ("03f0", "cut off"),
        ("0408616263", "fewer bytes"),
        ("0808616263 0500", "before the start"),
        ("0808616263 0504", "before the start"),
        ("0408616263 0503", "longer than what is left"),
        ("0808616263 0e", "cut off"),
    ],
)
def test_snappy_that_is_not_valid_is_refused(encoded, why):
    """Each way in which bytes can fail to be Snappy has its words."""
    with pytest.raises(CorruptChunkError, match=why):
        Snappy().decode(bytes.fromhex(encoded), 8, exact=False)


def test_a_far_copy_of_snappy_is_read():
    """Copies with offsets of four bytes are valid, though encoders seldom write them."""
    encoded = bytes([8, 3 << 2]) + b"abcd" + bytes([3 << 2 | 3]) + (4).to_bytes(4, "little")

    assert Snappy().decode(encoded, 8) == b"abcdabcd"


@pytest.mark.parametrize("acceleration", [2**31, 1.5, "1", True])
def test_a_bad_acceleration_is_refused(acceleration):
    """It is an integer of 32 bits."""
    with pytest.raises(MetadataError, match="acceleration must be an integer"):
        LZ4(acceleration)
