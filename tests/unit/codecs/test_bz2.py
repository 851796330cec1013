"""Tests of `zarrpy.codecs.bz2` and `zarrpy.codecs.lzma`."""

import bz2
import io
import lzma
import sys
import threading
import time

import bz2file
import numcodecs
import numpy as np
import pytest

from zarrpy.codecs.bz2 import BZ2
from zarrpy.codecs.lzma import LZMA
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

DATA = (np.arange(20_000, dtype="f4") ** 0.5).tobytes()
RAW = [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 1}]


class TestBZ2(BytesToBytesContract):
    codecs = (
        BZ2(),
        BZ2(level=9),
    )


class TestLZMA(BytesToBytesContract):
    codecs = (
        LZMA(preset=0),
        LZMA(format=lzma.FORMAT_ALONE, preset=0),
        LZMA(format=lzma.FORMAT_RAW, filters=RAW),
        LZMA(check=lzma.CHECK_CRC32, filters=RAW),
    )


@pytest.mark.parametrize("level", range(1, 10))
def test_bz2_is_read_by_others_and_reads_theirs(level):
    """The format is the same both ways."""
    ours = BZ2(level)

    assert bz2file.BZ2File(io.BytesIO(ours.encode(DATA))).read() == DATA
    assert bytes(numcodecs.BZ2().decode(ours.encode(DATA))) == DATA
    assert ours.decode(numcodecs.BZ2(level).encode(DATA), len(DATA)) == DATA


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"preset": 1},
        {"format": 1, "check": 1, "preset": None, "filters": None},
        {"format": 2, "preset": 3},
        {"format": 3, "filters": RAW},
    ],
)
def test_lzma_is_read_by_numcodecs_and_reads_its(config):
    """A configuration means the same both ways."""
    ours = LZMA.from_config(config, dialect=2)
    theirs = numcodecs.LZMA(**config)

    assert bytes(theirs.decode(ours.encode(DATA))) == DATA
    assert ours.decode(theirs.encode(DATA), len(DATA)) == DATA


@pytest.mark.parametrize(("codec", "library"), [(BZ2(), bz2), (LZMA(preset=0), lzma)])
def test_a_bomb_is_not_unpacked(codec, library):
    """Decoding stops where the chunk's size is passed, and never makes the rest."""
    bomb = library.compress(bytes(5_000_000))

    with pytest.raises(CorruptChunkError, match="more than 1000 bytes"):
        codec.decode(bomb, 1000)


@pytest.mark.parametrize(("codec", "library"), [(BZ2(), bz2), (LZMA(preset=0), lzma)])
def test_streams_in_a_row_are_one_chunk(codec, library):
    """Streams may be concatenated."""
    assert codec.decode(library.compress(b"abc") + library.compress(b"def"), 6) == b"abcdef"


@pytest.mark.parametrize("level", [0, 10, "9", True])
def test_a_bad_level_is_refused(level):
    """bzip2 has levels from 1 to 9."""
    with pytest.raises(
        MetadataError, match=r"numcodecs\.bz2\.level must be an integer from 1 to 9"
    ):
        BZ2(level)


@pytest.mark.parametrize(
    ("config", "member"),
    [
        ({"format": 0}, "format"),
        ({"format": True}, "format"),
        ({"check": 99}, "check"),
        ({"preset": -1}, "preset"),
        ({"format": 3}, "filters"),
        ({"filters": "x"}, "filters"),
        ({"filters": [{"dist": 4}]}, "filters"),
        ({"filters": [{"id": "delta"}]}, "filters"),
    ],
)
def test_a_bad_parameter_of_lzma_is_refused(config, member):
    """The error names the parameter."""
    with pytest.raises(MetadataError, match=rf"numcodecs\.lzma\.{member} must be"):
        LZMA.from_config(config, dialect=2)


@pytest.fixture
def patience():
    """Let no thread take the interpreter from another that does not give it away."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("verb", ["encode", "decode"])
@pytest.mark.parametrize("codec", [BZ2(), LZMA(preset=0)], ids=["bz2", "lzma"])
def test_other_threads_run_meanwhile(patience, codec, verb):
    """The standard library gives the interpreter away, so that chunks are worked on together."""
    data = np.random.default_rng(0).bytes(1 << 18)
    given = codec.encode(data) if verb == "decode" else data
    begin, ran = threading.Event(), []
    other = threading.Thread(target=lambda: (begin.wait(), ran.append(True)))
    other.start()

    begin.set()
    end = time.monotonic() + 20
    while not ran and time.monotonic() < end:  # it may wake late, but not before the lock is free
        getattr(codec, verb)(given)
    met = list(ran)
    other.join()

    assert met == [True]
