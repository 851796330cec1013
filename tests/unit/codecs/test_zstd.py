"""Tests of `zarrpy.codecs.zstd`."""

import numcodecs
import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.blosc import Blosc
from zarrpy.codecs.shuffle import Shuffle
from zarrpy.codecs.zstd import Zstd
from zarrpy.errors import ChecksumError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract

DATA = np.arange(5_000, dtype="i4").tobytes()


class TestZstd(BytesToBytesContract):
    codecs = (
        Zstd(),
        Zstd(level=-5),
        Zstd(level=19, checksum=True),
    )

    def test_its_v2_configuration_is_enough_to_make_it_again(self, codec):
        """But for the checksum, which frames of v2 always have."""
        again = Zstd.from_config(codec.to_config(2), dialect=2)

        assert again == Zstd(codec.level, checksum=True)


@pytest.mark.parametrize("level", [-131072, -1, 0, 1, 9, 22])
@pytest.mark.parametrize("checksum", [False, True])
def test_numcodecs_reads_ours_and_we_read_its(level, checksum):
    """Frames are the same format both ways."""
    theirs = numcodecs.Zstd(level, checksum)
    ours = Zstd(level, checksum)

    assert bytes(theirs.decode(ours.encode(DATA))) == DATA
    assert ours.decode(theirs.encode(DATA), len(DATA)) == DATA


def test_a_flipped_bit_is_a_checksum_error():
    """With a checksum no changed byte goes unnoticed, and the error says why."""
    encoded = bytearray(Zstd(checksum=True).encode(bytes(1000) + b"x" * 50))
    encoded[-1] ^= 1

    with pytest.raises(ChecksumError, match=r"zstd: .*checksum"):
        Zstd().decode(bytes(encoded), 1050)


def test_frames_without_a_size_are_read():
    """Some writers of v2 store frames that do not tell their decoded size."""
    # Magic, a header without content size (64 KiB window), one raw block of 3 bytes, the last.
    frame = bytes.fromhex("28b52ffd0030") + (3 << 3 | 1).to_bytes(3, "little") + b"abc"

    assert Zstd().decode(frame, 3) == b"abc"
    assert Zstd().decode(frame) == b"abc"


def test_several_frames_in_a_row_are_one_chunk():
    """Frames may be concatenated, and skippable frames hold no data."""
    skippable = bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"note"
    codec = Zstd()

    joined = codec.encode(b"abc") + skippable + codec.encode(b"def")

    assert codec.decode(joined, 6) == b"abcdef"


@pytest.mark.parametrize(
    "magic", ["1eb52ffd", "22b52ffd", "23b52ffd", "24b52ffd", "25b52ffd", "27b52ffd"]
)
def test_frames_of_old_formats_are_refused(magic):
    """Decoders of formats before 1.0 are not for bytes from anywhere."""
    with pytest.raises(CorruptChunkError, match="not a zstd frame"):
        Zstd().decode(bytes.fromhex(magic) + bytes(20), 10)


@pytest.mark.parametrize("level", [-131073, 23, 1.0, "3", True, None])
def test_a_bad_level_is_refused(level):
    """The level is an integer in the library's range."""
    with pytest.raises(MetadataError, match=r"zstd\.level must be an integer from -131072 to 22"):
        Zstd(level)


def test_v3_always_says_whether_there_is_a_checksum():
    """The key is optional and absent means false, but some readers want it."""
    assert Zstd(3).to_config(3) == {"level": 3, "checksum": False}
    assert Zstd(3, True).to_config(3) == {"level": 3, "checksum": True}
    assert Zstd.from_config({"level": 3}, dialect=3) == Zstd(3)


def test_v2_never_speaks_of_the_checksum():
    """Some readers refuse the key; the frames have a checksum, which every reader understands."""
    assert Zstd(3, True).to_config(2) == {"level": 3}
    assert Zstd(3).to_config(2) == {"level": 3}
    assert Zstd.from_config({"level": 3}, dialect=2) == Zstd(3, True)
    assert Zstd.from_config({"level": 3, "checksum": False}, dialect=2) == Zstd(3)


def stored(values, *codecs):
    """Return the only chunk of an array."""
    store = {}
    zarrpy.create_array(store, data=values, chunks=values.shape, compressors=codecs)
    return store["c/0"]


def walk(dtype):
    """Make a smooth walk with noise."""
    values = np.random.default_rng(5).integers(-3, 4, 100_000).cumsum()
    return (values / 4 if dtype[0] == "f" else values % 251).astype(dtype)


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("dtype", ["i4", "f4", "u4", "c8", "u1"])
def test_what_is_tuned_to_numbers_is_as_small_and_read_by_others(level, dtype):
    """Of plain bytes, which may be anything, the library makes what it always makes."""
    values = walk(dtype)
    tuned, plain = stored(values, Zstd(level)), Zstd(level).encode(values.tobytes())

    assert tuned != plain
    assert len(tuned) < 1.05 * len(plain)
    assert bytes(numcodecs.Zstd().decode(tuned)) == values.tobytes()


@pytest.mark.parametrize("level", [0, 3])
def test_tuning_is_turned_off(level):
    """Then arrays hold what the library makes; what is read of either is the same."""
    values = walk("f4")
    tuned = stored(values, Zstd(level))
    with zarrpy.config.set(disable={"tuned", "recall"}):
        plain = stored(values, Zstd(level))

    assert plain == Zstd(level).encode(values.tobytes()) != tuned
    assert Zstd().decode(plain) == Zstd().decode(tuned) == values.tobytes()


@pytest.mark.parametrize("before", [Shuffle(4), Blosc("lz4", typesize=4)], ids=["shuffle", "blosc"])
def test_bytes_that_another_codec_made_are_not_taken_for_numbers(before):
    """They are none any more, and would become larger."""
    values = walk("i4")

    assert stored(values, before, Zstd(3)) == Zstd(3).encode(before.encode(values.tobytes()))


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a text", "another"] * 5_000, dtype="T"),
        *map(walk, ("i2", "f8", "i8", "M8[s]", "S5")),
    ],
    ids=lambda values: str(values.dtype),
)
def test_what_tuning_would_make_larger_is_left_to_the_library(values):
    """Texts, and numbers of which most bytes may be zeros."""
    assert stored(values, Zstd(3)) == Zstd(3).encode(stored(values))


@pytest.mark.parametrize("dtype", ["i4", "u1", "i2"])
def test_both_bodies_tune_alike(dtype):
    """So that a chunk has the same bytes, whichever writes it."""
    values = walk(dtype)
    with zarrpy.config.set(disable={"native"}):
        twin = stored(values, Zstd(3))

    assert twin == stored(values, Zstd(3))
