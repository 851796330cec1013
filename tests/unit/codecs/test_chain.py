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
from zarrpy.errors import (
    ChecksumError,
    CodecError,
    CorruptChunkError,
    MetadataError,
    UnsupportedExtensionError,
)
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


def through_foreign_bytes(documents, stored, *, native=True):
    """Read one chunk that somebody else has written."""
    store = zarrpy.MemoryStore()
    array = zarrpy.create_array(
        store, shape=(4, 6), chunks=(4, 6), dtype="<i4", compressors=documents
    )
    store.set("c/0/0", stored)
    assert array.codecs.native
    with zarrpy.config.set(disable=set() if native else {"native"}):
        return array[...]


@pytest.mark.parametrize("native", [True, False])
def test_an_intermediate_may_be_larger_than_our_own_would_be(native):
    """Other writers' compressors may make more of a chunk, which the next one then packs."""
    padding = (0x184D2A50).to_bytes(4, "little") + (300_000).to_bytes(4, "little") + bytes(300_000)
    frames = bytes(Zstd().encode(VALUES.tobytes())) + padding  # a frame that decoders skip

    found = through_foreign_bytes(["zstd", "gzip"], bytes(Gzip().encode(frames)), native=native)

    assert (found == VALUES).all()


@pytest.mark.parametrize("native", [True, False])
def test_an_intermediate_never_passes_the_limit(native):
    """A few bytes of gzip could claim gigabytes."""
    bomb = bytes(Gzip().encode(bytes(3_000_000)))

    with (
        zarrpy.config.set(**{"limits.max_chunk_bytes": 1_000_000}),
        pytest.raises(CorruptChunkError, match=r"gzip: cannot decode chunk \(0, 0\)"),
    ):
        through_foreign_bytes(["zstd", "gzip"], bomb, native=native)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("native", [True, False])
def test_filters_and_byte_order_go_together_natively(order, native):
    """What follows a filter is swapped by a step of its own, the first chunk by the copy."""
    values = np.arange(35, dtype=f"{order}i4").reshape(5, 7) ** 2
    store = zarrpy.MemoryStore()
    with zarrpy.config.set(disable=set() if native else {"native"}):
        array = zarrpy.create_array(
            store, data=values, chunks=(3, 4), filters=[{"id": "delta", "dtype": "i4"}],
            compressors=["zlib", "crc32"], zarr_format=3,
        )  # fmt: skip

        assert array.codecs.native
        assert (array[...] == values).all()
    with zarrpy.config.set(disable={"native"} if native else set()):
        assert (zarrpy.open(store)[...] == values).all()


def test_a_wrong_checksum_is_told_with_its_chunk_and_both_values():
    """Also by a batch in C."""
    store = zarrpy.MemoryStore()
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 6), compressors=["crc32c"])
    damaged = bytearray(store.get("c/0/0"))
    damaged[0] ^= 1
    store.set("c/0/0", bytes(damaged))

    with pytest.raises(ChecksumError) as caught:
        array[...]

    assert (caught.value.chunk, caught.value.key) == ((0, 0), "c/0/0")
    assert caught.value.expected == int.from_bytes(damaged[-4:], "little")
    assert isinstance(caught.value.actual, int)
