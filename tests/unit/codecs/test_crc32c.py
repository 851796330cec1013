"""Tests of `zarrpy.codecs.crc32c`."""

import numcodecs
import numcodecs.checksum32
import numcodecs.fletcher32
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy._native import filters
from zarrpy.codecs.crc32c import (
    CRC32,
    CRC32C,
    Adler32,
    Fletcher32,
    JenkinsLookup3,
    crc32c_slowly,
)
from zarrpy.errors import ChecksumError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

PAIRS = [
    (CRC32C(), numcodecs.CRC32C()),
    (CRC32C("start"), numcodecs.CRC32C(location="start")),
    (CRC32(), numcodecs.CRC32()),
    (CRC32("end"), numcodecs.CRC32(location="end")),
    (Adler32(), numcodecs.Adler32()),
    (Adler32("end"), numcodecs.Adler32(location="end")),
    (Fletcher32(), numcodecs.fletcher32.Fletcher32()),
    (JenkinsLookup3(), numcodecs.checksum32.JenkinsLookup3()),
    (JenkinsLookup3(7), numcodecs.checksum32.JenkinsLookup3(initval=7)),
    (JenkinsLookup3(prefix=b"zarr"), numcodecs.checksum32.JenkinsLookup3(prefix=b"zarr")),
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
    if data or not isinstance(ours, (Fletcher32, JenkinsLookup3)):  # numcodecs refuses no bytes
        assert ours.encode(data) == bytes(theirs.encode(data))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=repr)
def test_a_flipped_bit_is_a_checksum_error(ours, theirs):
    """No single changed bit goes unnoticed."""
    encoded = ours.encode(bytes(range(50)))

    for bit in range(8 * len(encoded)):
        changed = bytearray(encoded)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ChecksumError, match=ours.name.rpartition(".")[2]) as caught:
            ours.decode(bytes(changed), 50)
        assert caught.value.expected is not None
        assert caught.value.expected != caught.value.actual


def test_the_error_tells_both_checksums():
    """The stored one and the one that the data has."""
    encoded = bytearray(CRC32C().encode(b"123456789"))
    encoded[0] = ord("0")

    with pytest.raises(ChecksumError) as caught:
        CRC32C().decode(bytes(encoded), 9)

    assert caught.value.expected == 0xE3069283
    assert caught.value.actual == crc32c_slowly(b"023456789")
    assert "stored 0xe3069283" in str(caught.value)


@given(st.binary(max_size=200), st.binary(max_size=40), st.integers(0, 2**32 - 1))
def test_a_prefix_counts_as_data_before_the_data(data, prefix, initval):
    """The hash is that of both together."""
    codec, whole = JenkinsLookup3(initval, prefix), JenkinsLookup3(initval)

    assert bytes(codec.encode(data))[-4:] == bytes(whole.encode(prefix + data))[-4:]


@pytest.mark.parametrize("prefix", ["text", 5, [300], [1.5]])
def test_a_bad_prefix_is_refused(prefix):
    """It is bytes, also as a list."""
    with pytest.raises(MetadataError, match=r"jenkins_lookup3\.prefix must be bytes"):
        JenkinsLookup3(prefix=prefix)


@given(st.binary(max_size=3000))
def test_fletcher32_is_two_sums_modulo_65535(data):
    """HDF5's variant: big-endian words, an odd byte is the upper half of one."""
    words = [int.from_bytes((data[i : i + 2] + b"\0")[:2], "big") for i in range(0, len(data), 2)]
    first = second = 0
    for word in words:
        first += word
        second += first

    stored = int.from_bytes(bytes(Fletcher32().encode(data))[-4:], "little")

    assert (stored & 0xFFFF) % 65535 == first % 65535
    assert (stored >> 16) % 65535 == second % 65535


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
