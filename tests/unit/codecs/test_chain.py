"""Tests of `zarrpy.codecs.chain`: codecs bound to a chunk."""

import sys

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import ArrayToArray, BytesToBytes, ChunkSpec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.chain import CodecChain
from zarrpy.codecs.gzip import Gzip
from zarrpy.codecs.transpose import Transpose
from zarrpy.codecs.zstd import Zstd
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError, UnsupportedExtensionError
from zarrpy.metadata.model import NamedConfig

SPEC = ChunkSpec((4, 6), np.dtype("i4"), np.int32(0))
LITTLE = NamedConfig("bytes", {"endian": "little"})
VALUES = np.arange(24, dtype="i4").reshape(4, 6)


class Negate(ArrayToArray):
    """A codec of somebody else's, in Python."""

    name = "test.negate"

    def encode(self, array):
        return -array

    def decode(self, data, spec):
        return -data


class Fussy(BytesToBytes):
    """A codec that fails as careless code does."""

    name = "test.fussy"

    def encode(self, data):
        raise ValueError("I will not")

    def decode(self, data, nbytes=None, exact=True):
        raise ValueError("I cannot")


@pytest.fixture
def plugins():
    """Two codecs without a native step, registered for the time of a test."""
    for codec in (Negate, Fussy):
        zarrpy.register_codec(codec)
    yield
    for codec in (Negate, Fussy):
        zarrpy.unregister_codec(codec.name)


def test_codecs_are_parted_by_their_kind():
    """Array to array, then one array to bytes, then bytes to bytes."""
    documents = [
        NamedConfig("transpose", {"order": [1, 0]}),
        LITTLE,
        NamedConfig("zstd", {"level": 1, "checksum": False}),
        NamedConfig("crc32c", {}),
    ]

    chain = CodecChain.bind(documents, SPEC)

    assert [codec.name for codec in chain.array_to_array] == ["transpose"]
    assert chain.array_to_bytes.name == "bytes"
    assert [codec.name for codec in chain.bytes_to_bytes] == ["zstd", "crc32c"]
    assert [codec.name for codec in chain.codecs] == ["transpose", "bytes", "zstd", "crc32c"]


@pytest.mark.parametrize(
    "names", [[], ["zstd"], ["bytes", "bytes"], ["zstd", "bytes"], ["bytes", "transpose"]]
)
def test_a_chain_that_is_none_is_refused(names):
    """Without array to bytes, with two of them, or in another order."""
    configurations = {"bytes": {"endian": "little"}, "transpose": {"order": [1, 0]}}
    documents = [NamedConfig(name, configurations.get(name, {})) for name in names]

    with pytest.raises(MetadataError, match="codecs"):
        CodecChain.bind(documents, SPEC)


def test_an_unknown_codec_is_refused_when_it_must_be_understood():
    """And left out when it need not be."""
    with pytest.raises(UnsupportedExtensionError, match="no-such") as caught:
        CodecChain.bind([LITTLE, NamedConfig("no-such", {})], SPEC)
    assert (caught.value.kind, caught.value.name) == ("codec", "no-such")

    chain = CodecChain.bind([LITTLE, NamedConfig("no-such", {}, must_understand=False)], SPEC)

    assert [codec.name for codec in chain.codecs] == ["bytes"]


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_chunk_is_encoded_as_the_specification_says(endian, order):
    """Transposed, then in C order and the byte order named."""
    chain = CodecChain.of([Transpose(order), Bytes(endian)], SPEC)

    stored = bytes(chain.encode(VALUES))

    expected = VALUES.transpose(order).astype("<i4" if endian == "little" else ">i4")
    assert stored == expected.tobytes()
    assert np.array_equal(chain.decode(stored), VALUES)


def test_a_chunk_of_another_shape_is_decoded():
    """Chunks of irregular grids have sizes of their own."""
    chain = CodecChain.of([Bytes("little"), Zstd()], SPEC)

    assert np.array_equal(chain.decode(chain.encode(VALUES[:2, :3]), (2, 3)), VALUES[:2, :3])


@pytest.mark.parametrize("nbytes", [0, 95, 97, 4])
def test_a_chunk_of_another_size_is_corrupt(nbytes):
    """Too few bytes and too many, with and without compression."""
    for codecs in ([Bytes("little")], [Bytes("little"), Zstd()], [Bytes("little"), Gzip(1)]):
        chain = CodecChain.of(codecs, SPEC)
        data = bytes(nbytes)
        for codec in chain.bytes_to_bytes:
            data = codec.encode(data)

        with pytest.raises(CorruptChunkError):
            chain.decode(data)


def test_native_chains_are_those_without_python():
    """Transposes at the start and the byte order cost nothing and are native."""
    big = "big" if sys.byteorder == "little" else "little"

    assert CodecChain.of([Bytes("little")], SPEC).native
    assert CodecChain.of([Transpose((1, 0)), Bytes(big), Zstd(), Gzip(1)], SPEC).native
    assert not CodecChain.of([Negate(), Bytes("little")], SPEC).native
    assert not CodecChain.of([Bytes("little"), Fussy()], SPEC).native


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_order_f_and_foreign_byte_order_run_in_the_engine(zarr_format):
    """No option of an array should make it slow."""
    array = zarrpy.create_array(
        {}, shape=(4, 6), dtype=">f8", order="F", compressors="zstd", zarr_format=zarr_format
    )

    assert array.codecs.native
    assert array.codecs.swap == 8


def test_a_codec_in_python_serves_arrays(store, plugins):
    """It is slower, and right; the array says so."""
    array = zarrpy.create_array(
        store, data=VALUES, chunks=(3, 4), filters="test.negate", fill_value=7
    )

    array[1:3, ::-2] = 5
    expected = VALUES.copy()
    expected[1:3, ::-2] = 5

    assert not array.codecs.native
    assert np.array_equal(zarrpy.open(store)[...], expected)


def test_an_exception_of_a_codec_in_python_becomes_ours(store, plugins, contents):
    """With chunk and key; nothing is stored of what could not be encoded."""
    array = zarrpy.create_array(store, shape=4, chunks=2, dtype="i4", compressors=["test.fussy"])
    before = contents(store)

    with pytest.raises(CodecError, match=r"I will not") as caught:
        array[...] = 1
    assert "c/0" in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    assert contents(store) == before
    store.set("c/1", b"something")
    with pytest.raises(CorruptChunkError, match="I cannot") as caught:
        array[2:]

    assert (caught.value.chunk, caught.value.key) == ((1,), "c/1")
