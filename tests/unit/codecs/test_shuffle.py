"""Tests of `zarrpy.codecs.shuffle`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy._native import filters
from zarrpy.codecs.shuffle import Shuffle, decode_slowly, encode_slowly
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import BytesToBytesContract


class TestShuffle(BytesToBytesContract):
    codecs = (
        Shuffle(1),
        Shuffle(2),
        Shuffle(4),
        Shuffle(8),
    )
    dtypes = ("u8", "f8", "c16")


@given(st.integers(1, 40), st.integers(0, 300), st.randoms(use_true_random=False))
def test_it_agrees_with_numpy_and_numcodecs(elementsize, count, random):
    """The kernel does what its definition says, for elements of every size."""
    data = random.randbytes(elementsize * count)
    codec = Shuffle(elementsize)

    encoded = codec.encode(data)

    assert encoded == encode_slowly(codec, data)
    assert codec.decode(encoded, len(data)) == data == decode_slowly(codec, encoded)
    if count:
        assert encoded == bytes(numcodecs.Shuffle(elementsize).encode(np.frombuffer(data, "u1")))


@given(st.binary(max_size=500), st.integers(1, 20))
def test_the_kernel_leaves_a_broken_element_where_it_is(data, itemsize):
    """Blosc shuffles whole elements and copies what is left."""
    whole = len(data) // itemsize * itemsize

    shuffled = filters.shuffle(data, itemsize)

    assert shuffled[whole:] == data[whole:]
    assert filters.unshuffle(shuffled, itemsize) == data


@pytest.mark.parametrize("size", [2, 4, 8])
def test_byteswap_agrees_with_numpy(size):
    """Words are reversed whatever their number."""
    for count in (0, 1, 7, 8, 9, 100):
        words = np.random.default_rng(count).integers(0, 255, count * size, dtype="u1")

        swapped = filters.byteswap(words.tobytes(), size)

        assert swapped == words.view(f"u{size}").byteswap().tobytes()


def test_half_an_element_is_refused():
    """A chunk is a whole number of elements, encoded or not."""
    with pytest.raises(CodecError, match="whole number of elements"):
        Shuffle(4).encode(b"abcde")
    with pytest.raises(CorruptChunkError, match="whole number of elements"):
        Shuffle(4).decode(b"abcde")


@pytest.mark.parametrize("elementsize", [0, -1, 2.0, "4", None])
def test_a_bad_element_size_is_refused(elementsize):
    """It is an integer of at least 1."""
    with pytest.raises(MetadataError, match="elementsize must be an integer from 1"):
        Shuffle(elementsize)
