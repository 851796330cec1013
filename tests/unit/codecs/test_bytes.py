"""Tests of `zarrpy.codecs.bytes` and `zarrpy.codecs.transpose`."""

import numpy as np
import pytest

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.transpose import Transpose
from zarrpy.errors import CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract, ArrayToBytesContract


class TestBytes(ArrayToBytesContract):
    codecs = (
        Bytes("little"),
        Bytes("big"),
    )
    dtypes = ("u1", "i2", "f4", "c16", "f2", "?")


class TestBytesWithoutOrder(ArrayToBytesContract):
    codecs = (Bytes(None),)
    dtypes = ("u1", "i1", "?")


class TestTranspose(ArrayToArrayContract):
    codecs = (
        Transpose((0,)),
        Transpose((1, 0)),
        Transpose((2, 0, 1)),
        Transpose([0, 1, 2]),
    )


@pytest.mark.parametrize(("endian", "order"), [("little", "<"), ("big", ">")])
@pytest.mark.parametrize("dtype", ["i2", "u4", "f8", "c8", "c16"])
def test_elements_have_the_byte_order_that_is_named(endian, order, dtype):
    """Each number is stored most or least significant byte first, complex ones by their parts."""
    array = np.arange(7).astype(dtype)

    assert bytes(Bytes(endian).encode(array)) == array.astype(order + dtype).tobytes()


def test_elements_of_several_bytes_need_an_order():
    """Without it nobody knows what the bytes mean."""
    with pytest.raises(MetadataError, match="endian"):
        Bytes.from_config({}, spec=ChunkSpec((2,), np.dtype("i2"), None))
    assert Bytes.from_config({}, spec=ChunkSpec((2,), np.dtype("u1"), None)) == Bytes(None)


def test_bytes_that_are_no_whole_chunk_are_refused():
    """Neither more nor fewer elements than the chunk has."""
    spec = ChunkSpec((2, 3), np.dtype("i4"), None)

    for nbytes in (0, 23, 25, 48):
        with pytest.raises(CorruptChunkError, match="which are 24"):
            Bytes("little").decode(bytes(nbytes), spec)


@pytest.mark.parametrize("endian", ["middle", "<", 1, True])
def test_a_bad_byte_order_is_refused(endian):
    """There are two."""
    with pytest.raises(MetadataError, match=r"bytes\.endian must be one of 'little', 'big'"):
        Bytes.from_config({"endian": endian})


@pytest.mark.parametrize("order", [(1, 2, 0), (0, 1, 2), (2, 1, 0)])
def test_axis_i_of_the_store_is_axis_order_i_of_the_array(order):
    """The words of the specification."""
    array = np.arange(24).reshape(2, 3, 4)

    stored = Transpose(order).encode(array)

    assert stored.shape == tuple(array.shape[axis] for axis in order)
    assert np.array_equal(stored, np.transpose(array, order))


@pytest.mark.parametrize(("word", "order"), [("C", (0, 1, 2)), ("F", (2, 1, 0))])
def test_the_words_of_early_drafts_are_read(word, order):
    """They are not written any more."""
    spec = ChunkSpec((2, 3, 4), np.dtype("i4"), None)

    assert Transpose.from_config({"order": word}, spec=spec) == Transpose(order)


@pytest.mark.parametrize("order", [[0, 0], [1, 2], [0.0], ["0"], [True, 0], "FC", 3, None, {}])
def test_an_order_that_is_no_permutation_is_refused(order):
    """Every axis once."""
    with pytest.raises(MetadataError, match=r"transpose\.order must be"):
        Transpose.from_config({"order": order})


def test_an_order_of_other_axes_is_refused():
    """The chunk decides how many there are."""
    with pytest.raises(MetadataError, match="permutation of the 2 axes"):
        Transpose.from_config({"order": [0, 1, 2]}, spec=ChunkSpec((2, 3), np.dtype("i4"), None))
