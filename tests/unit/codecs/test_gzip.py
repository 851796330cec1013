"""Tests of `zarrpy.codecs.gzip` and `zarrpy.codecs.zlib`."""

import gzip
import io
import zlib

import numcodecs
import numpy as np
import pytest

from zarrpy._native.steps import find_codec, library_versions
from zarrpy.codecs.gzip import Gzip
from zarrpy.codecs.zlib import Zlib
from zarrpy.errors import ChecksumError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

DATA = (np.arange(20_000, dtype="f4") ** 0.5).tobytes()
LEVELS = range(-1, 10)


class TestGzip(BytesToBytesContract):
    codecs = (
        Gzip(),
        Gzip(level=0),
        Gzip(level=9),
    )


class TestZlib(BytesToBytesContract):
    codecs = (
        Zlib(),
        Zlib(level=0),
        Zlib(level=-1),
        Zlib(level=9),
    )


@pytest.mark.parametrize("level", LEVELS)
def test_python_and_numcodecs_read_gzip_of_ours_and_we_read_theirs(level):
    """The gzip format is the same both ways."""
    ours = Gzip(level)

    assert gzip.decompress(ours.encode(DATA)) == DATA
    assert bytes(numcodecs.GZip().decode(ours.encode(DATA))) == DATA
    assert ours.decode(gzip.compress(DATA, level), len(DATA)) == DATA


@pytest.mark.parametrize("level", LEVELS)
def test_python_and_numcodecs_read_zlib_of_ours_and_we_read_theirs(level):
    """The zlib format is the same both ways."""
    ours = Zlib(level)

    assert zlib.decompress(ours.encode(DATA)) == DATA
    assert bytes(numcodecs.Zlib().decode(ours.encode(DATA))) == DATA
    assert ours.decode(zlib.compress(DATA, level), len(DATA)) == DATA


def test_members_in_a_row_are_one_chunk():
    """A gzip file may have several members, and zeros may pad it."""
    joined = gzip.compress(b"abc") + gzip.compress(b"") + gzip.compress(b"def") + bytes(7)

    assert Gzip().decode(joined, 6) == b"abcdef"


@pytest.mark.parametrize("tail", [b"x", b"\0\0x", b"\x1f\x8b", b"\x1f\x8b\x08"])
def test_anything_else_after_a_member_is_refused(tail):
    """Bytes that belong to nothing mean that the chunk is not what it seems."""
    with pytest.raises(CorruptChunkError, match="gzip"):
        Gzip().decode(gzip.compress(b"abc") + tail, 3)


def test_bytes_after_a_zlib_stream_are_refused():
    """A zlib stream ends where it ends."""
    with pytest.raises(CorruptChunkError, match="bytes after the end"):
        Zlib().decode(zlib.compress(b"abc") + b"\0", 3)


@pytest.mark.parametrize("place", [-1, -4, 15])
def test_a_changed_byte_is_noticed(place):
    """The formats carry checksums."""
    for codec in (Gzip(), Zlib()):
        encoded = bytearray(codec.encode(DATA))
        encoded[place] ^= 0x10

        with pytest.raises(CorruptChunkError):
            codec.decode(bytes(encoded), len(DATA))


@pytest.mark.parametrize("codec", [Gzip, Zlib])
@pytest.mark.parametrize("level", [-2, 10, 5.0, "5", False])
def test_a_bad_level_is_refused(codec, level):
    """The level is an integer from -1 to 9."""
    with pytest.raises(MetadataError, match="level must be an integer from -1 to 9"):
        codec(level)


def test_v3_has_no_usual_level():
    """Zarr v3 knows levels from 0 on; the usual is 6."""
    assert Gzip(-1).to_config(3) == {"level": 6}
    assert Gzip(-1).to_config(2) == {"level": -1}


@pytest.mark.parametrize("name", [None, "data.bin"])
def test_a_wrong_checksum_is_told_from_other_damage(name):
    """The data can be decoded, but is not what was written."""
    if not find_codec("gzip") or "libdeflate" not in library_versions():
        pytest.skip("libdeflate is not in this build: ZARRPY_NATIVE=blosc2 make build")
    member = io.BytesIO()
    with gzip.GzipFile(name or "", "wb", fileobj=member) as file:
        file.write(DATA)
    stored = bytearray(member.getvalue())
    stored[-8] ^= 1
    zlib_stream = bytearray(zlib.compress(DATA))
    zlib_stream[-1] ^= 1

    for codec, damaged, computed in (
        (Gzip(), stored, zlib.crc32(DATA)),
        (Zlib(), zlib_stream, zlib.adler32(DATA)),
    ):
        with pytest.raises(ChecksumError) as caught:
            codec.decode(bytes(damaged), len(DATA))
        assert caught.value.actual == computed
        assert caught.value.expected == computed ^ 1
        with pytest.raises(CorruptChunkError) as other:
            codec.decode(bytes(damaged[:-9]), len(DATA))
        assert not isinstance(other.value, ChecksumError)
