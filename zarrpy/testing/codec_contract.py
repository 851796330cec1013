"""What every codec promises, as tests to inherit.

::

    class TestMyCodec(BytesToBytesContract):
        codecs = (MyCodec(), MyCodec(level=9))

Each instance in `codecs` goes through all tests.  There is a contract for each kind of codec:
`ArrayToArrayContract`, `ArrayToBytesContract`, `BytesToBytesContract`.
"""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import pytest

from zarrpy.codecs import document
from zarrpy.codecs.base import ChunkSpec, Codec
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError

__all__ = [
    "ArrayToArrayContract",
    "ArrayToBytesContract",
    "BytesToBytesContract",
    "CodecContract",
]

SIZES = (0, 1, 8, 120, 1_000, 40_000)


def sample(dtype: str, count: int) -> np.ndarray[Any, Any]:
    """Make an array that is neither trivial nor noise: slow growth with some disorder."""
    noise = np.random.default_rng(count).integers(0, 5, count)
    values = np.arange(count) // 3 + noise
    kind = np.dtype(dtype)
    return (values % 2 if kind.kind == "b" else values % 120).astype(kind)


def spec_of(array: np.ndarray[Any, Any]) -> ChunkSpec:
    """Describe a chunk."""
    return ChunkSpec(array.shape, array.dtype, None)


def damaged(data: bytes) -> list[bytes]:
    """Make some bytes that `data` could have become on a bad disk."""
    rng = np.random.default_rng(len(data))
    results = [data[:n] for n in sorted({0, 1, len(data) // 2, len(data) - 1}) if n < len(data)]
    for _ in range(30 if data else 0):
        changed = bytearray(data)
        changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
        results.append(bytes(changed))
    return [*results, data + b"\x01"]


class CodecContract:
    """Tests that codecs of all kinds pass.

    Attributes
    ----------
    codecs : sequence of Codec
        The instances to test.
    dtypes : sequence of str
        Data types that they take.
    lossy : bool
        Whether decoding may give other values than were encoded.
    """

    codecs: ClassVar[tuple[Any, ...]] = ()
    dtypes: ClassVar[tuple[str, ...]] = ("u1", "i2", "i4", "u8", "f4", "f8", "c16")
    lossy: ClassVar[bool] = False

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test with each codec."""
        if "codec" in metafunc.fixturenames:
            metafunc.parametrize("codec", type(self).codecs, ids=repr)
        if "dtype" in metafunc.fixturenames:
            metafunc.parametrize("dtype", type(self).dtypes)

    def chunk(self, codec: Any, dtype: str, count: int) -> np.ndarray[Any, Any]:
        """Make a chunk of some elements, with as many axes as the codec wants."""
        order = getattr(codec, "order", (0,))
        return sample(dtype, count).reshape((count, *(1,) * (len(order) - 1)))

    def round_trip(self, codec: Any, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode and decode."""
        decoded: np.ndarray[Any, Any] = codec.decode(codec.encode(array), spec_of(array))
        return decoded

    # ------------------------------------------------------------------- configuration

    def test_its_v3_configuration_is_enough_to_make_it_again(self, codec: Codec) -> None:
        """What is written into zarr.json is JSON and says all."""
        config = json.loads(json.dumps(codec.to_config(3)))

        made = type(codec).from_config(config, dialect=3)

        assert made.to_config(3) == codec.to_config(3)

    def test_its_v2_configuration_is_enough_to_make_it_again(self, codec: Codec) -> None:
        """What is written into .zarray is JSON and says all."""
        config = json.loads(json.dumps(codec.to_config(2)))

        assert codec.v2_id is None or type(codec).from_config(config, dialect=2) == codec

    def test_its_document_has_its_name(self, codec: Codec) -> None:
        """Each format calls it by its own name; a codec that v2 lacks says so."""
        if codec.v3:
            assert document(codec, dialect=3).name == codec.name
        else:
            with pytest.raises(CodecError):
                document(codec, dialect=3)
        if codec.v2_id is not None:
            assert document(codec, dialect=2).name == codec.v2_id
        else:
            with pytest.raises(CodecError):
                document(codec, dialect=2)

    def test_an_unknown_parameter_is_refused_by_name(self, codec: Codec) -> None:
        """A parameter that is not known may change what the bytes mean."""
        config = {**codec.to_config(3), "no_such_parameter": 1}

        with pytest.raises(MetadataError) as caught:
            type(codec).from_config(config, dialect=3)

        assert (caught.value.field, caught.value.value) == (f"{codec.name}.no_such_parameter", 1)

    def test_it_is_a_value(self, codec: Codec) -> None:
        """Codecs compare by configuration, can be keys of dicts, and pickle."""
        copy = pickle.loads(pickle.dumps(codec))

        assert copy == codec
        assert len({codec, copy}) == 1

    # ------------------------------------------------------------------------ round trip

    @pytest.mark.parametrize("count", SIZES)
    def test_decoding_gives_back_what_was_encoded(
        self, codec: Codec, dtype: str, count: int
    ) -> None:
        """Chunks of all sizes come back, the empty one included."""
        array = self.chunk(codec, dtype, count)

        decoded = self.round_trip(codec, array)

        assert self.lossy or decoded.tobytes() == array.tobytes()
        assert (decoded.shape, decoded.dtype) == (array.shape, array.dtype)

    def test_the_input_stays_as_it_is(self, codec: Codec, dtype: str) -> None:
        """Encoding changes nothing in the caller's array."""
        array = self.chunk(codec, dtype, 240)
        before = array.tobytes()

        self.round_trip(codec, array)

        assert array.tobytes() == before

    def test_threads_do_not_disturb_each_other(self, codec: Codec, dtype: str) -> None:
        """One codec object serves all threads."""
        arrays = [self.chunk(codec, dtype, count) for count in range(100, 900, 25)]
        alone = [self.round_trip(codec, array).tobytes() for array in arrays]

        with ThreadPoolExecutor(4) as pool:
            together = pool.map(lambda array: self.round_trip(codec, array).tobytes(), arrays)

        assert list(together) == alone


class ArrayToArrayContract(CodecContract):
    """Tests that codecs from array to array pass."""

    def test_strides_do_not_matter(self, codec: Any, dtype: str) -> None:
        """An array is its elements, however they lie in memory."""
        array = self.chunk(codec, dtype, 240)
        strided = np.repeat(array, 2, axis=0)[::2]

        assert codec.encode(strided).tobytes() == codec.encode(array).tobytes()

    def test_the_described_chunk_is_the_encoded_one(self, codec: Any, dtype: str) -> None:
        """`encoded_spec` tells shape and data type of what `encode` gives."""
        array = self.chunk(codec, dtype, 240)

        encoded = codec.encode(array)

        described = codec.encoded_spec(spec_of(array))
        assert (encoded.shape, encoded.dtype) == (described.shape, described.dtype)


class ArrayToBytesContract(CodecContract):
    """Tests that codecs from array to bytes pass."""

    def test_strides_do_not_matter(self, codec: Any, dtype: str) -> None:
        """An array is its elements, however they lie in memory."""
        array = self.chunk(codec, dtype, 240).reshape(4, 60)

        assert bytes(codec.encode(np.asfortranarray(array))) == bytes(codec.encode(array))

    def test_damaged_bytes_never_pass_for_another_shape(self, codec: Any, dtype: str) -> None:
        """Damage is an error that names the codec, or gives a chunk of the right shape."""
        array = self.chunk(codec, dtype, 240)

        for bad in damaged(bytes(codec.encode(array))):
            try:
                shape, culprit = codec.decode(bad, spec_of(array)).shape, codec.name
            except (CorruptChunkError, CodecError) as error:
                shape, culprit = array.shape, error.codec
            assert (shape, culprit) == (array.shape, codec.name)


class BytesToBytesContract(CodecContract):
    """Tests that codecs from bytes to bytes pass."""

    dtypes: ClassVar[tuple[str, ...]] = ("u1", "f8")  # to them all types are bytes

    def round_trip(self, codec: Any, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode and decode."""
        decoded = codec.decode(codec.encode(array.tobytes()), array.nbytes)
        return np.frombuffer(decoded, array.dtype).reshape(array.shape)

    def test_any_buffer_will_do(self, codec: Any, dtype: str) -> None:
        """Bytes may come as bytes, bytearray or memoryview, read-only or not."""
        data = sample(dtype, 240).tobytes()
        encoded = bytes(codec.encode(data))

        for kind in (bytearray, memoryview):
            assert bytes(codec.encode(kind(data))) == encoded
            assert bytes(codec.decode(kind(encoded), len(data))) == data

    def test_the_size_may_be_known_bounded_or_unknown(self, codec: Any, dtype: str) -> None:
        """The decoded size helps, but is not needed."""
        data = sample(dtype, 240).tobytes()
        encoded = codec.encode(data)

        assert bytes(codec.decode(encoded, None)) == data
        assert bytes(codec.decode(encoded, len(data))) == data
        assert bytes(codec.decode(encoded, 2 * len(data), exact=False)) == data

    def test_damaged_bytes_never_pass_for_another_size(self, codec: Any, dtype: str) -> None:
        """Damage is an error that names the codec, or gives as many bytes as were asked."""
        data = sample(dtype, 240).tobytes()
        label = codec.name.rpartition(".")[2]

        for bad in damaged(bytes(codec.encode(data))):
            try:
                found, culprit = len(codec.decode(bad, len(data))), label
            except (CorruptChunkError, CodecError) as error:
                found, culprit = len(data), str(error.codec).rpartition(".")[2]
            assert (found, culprit) == (len(data), label)

    def test_another_size_than_expected_is_an_error(self, codec: Any, dtype: str) -> None:
        """A chunk that holds more or fewer bytes than its array has is corrupt."""
        data = sample(dtype, 240).tobytes()
        encoded = codec.encode(data)

        for nbytes in (0, len(data) - 8, len(data) + 8):
            with pytest.raises(CorruptChunkError):
                codec.decode(encoded, nbytes)
