"""Tests of `zarrpy.codecs.crc32c`."""

import numcodecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy._native import filters
from zarrpy.codecs.crc32c import CRC32, CRC32C, Adler32, crc32c_slowly
from zarrpy.errors import ChecksumError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

PAIRS = [
    (CRC32C(), numcodecs.CRC32C()),
    (CRC32C("start"), numcodecs.CRC32C(location="start")),
    (CRC32(), numcodecs.CRC32()),
    (CRC32("end"), numcodecs.CRC32(location="end")),
    (Adler32(), numcodecs.Adler32()),
    (Adler32("end"), numcodecs.Adler32(location="end")),
]


class TestChecksums(BytesToBytesContract):
    codecs = tuple(ours for ours, _ in PAIRS)


@given(st.binary(max_size=2000))
def test_crc32c_is_what_its_definition_says(data):
    """The fast kernel agrees with the definition, bit by bit."""
    assert filters.crc32c(data) == crc32c_slowly(data)


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_crc32c_can_be_continued(first, second):
    """The checksum of a whole follows from that of its front."""
    assert filters.crc32c(second, filters.crc32c(first)) == filters.crc32c(first + second)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=repr)
@given(data=st.binary(max_size=300))
def test_they_give_the_bytes_of_numcodecs(ours, theirs, data):
    """Values and places are the same."""
    assert ours.encode(data) == bytes(theirs.encode(data))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=repr)
def test_a_flipped_bit_is_a_checksum_error(ours, theirs):
    """No single changed bit goes unnoticed."""
    encoded = ours.encode(bytes(range(50)))

    for bit in range(8 * len(encoded)):
        changed = bytearray(encoded)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ChecksumError, match=ours.native):
            ours.decode(bytes(changed), 50)


def test_three_bytes_are_too_short():
    """A checksum has four bytes."""
    with pytest.raises(CorruptChunkError, match="too short"):
        CRC32C().decode(b"abc", 0)


def test_v3_has_no_parameters():
    """The registered codec has none; numcodecs knows a place."""
    assert CRC32C().to_config(3) == {}
    assert CRC32C("start").to_config(2) == {"location": "start"}


def test_a_bad_place_is_refused():
    """A checksum is at the start or at the end."""
    with pytest.raises(MetadataError, match=r"crc32c\.location must be one of 'start', 'end'"):
        CRC32C("middle")
