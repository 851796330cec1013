"""Tests of `zarrpy.codecs.lz4`."""

import numcodecs
import numpy as np
import pytest

from zarrpy.codecs.lz4 import LZ4
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

DATA = np.arange(50_000, dtype="i4").tobytes()


class TestLZ4(BytesToBytesContract):
    codecs = (
        LZ4(),
        LZ4(acceleration=20),
        LZ4(acceleration=-3),
    )


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


@pytest.mark.parametrize("acceleration", [2**31, 1.5, "1", True])
def test_a_bad_acceleration_is_refused(acceleration):
    """It is an integer of 32 bits."""
    with pytest.raises(MetadataError, match="acceleration must be an integer"):
        LZ4(acceleration)
