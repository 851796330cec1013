"""Tests of `zarrpy.codecs.zfp` and `pcodec`."""

import numpy as np
import pytest

import zarrpy
from zarrpy._native.steps import find_codec
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.pcodec import PCodec
from zarrpy.codecs.zfp import ZFPY, Zfp
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError, MissingDependencyError
from zarrpy.testing.codec_contract import ArrayToBytesContract

needs_zfp = pytest.mark.skipif(
    not find_codec("zfp"), reason="zfp is not in this build: ZARRPY_NATIVE=blosc2 make build"
)


def spec_of(array):
    """Describe a chunk."""
    return ChunkSpec(array.shape, array.dtype, None)


def field(*shape, dtype="f8"):
    """Make a smooth field."""
    return (100 * np.sin(np.arange(np.prod(shape)) / 50)).reshape(shape).astype(dtype)


@needs_zfp
class TestZfp(ArrayToBytesContract):
    codecs = (Zfp(),)
    dtypes = ("i1", "u1", "i2", "u2", "i4", "i8", "u4", "u8", "f2", "f4", "f8")


@needs_zfp
class TestLossyZfp(ArrayToBytesContract):
    codecs = (
        Zfp("fixed_accuracy", tolerance=0.01),
        Zfp("fixed_precision", precision=20),
        Zfp("fixed_rate", rate=10.5),
        Zfp("expert", minbits=1, maxbits=400, maxprec=30, minexp=-20),
        ZFPY(2, rate=8),
    )
    dtypes = ("i4", "f4", "f8")
    lossy = True


@needs_zfp
class TestZFPY(ArrayToBytesContract):
    codecs = (ZFPY(), ZFPY(3))
    dtypes = ("i4", "i8", "f4", "f8")


@needs_zfp
@pytest.mark.parametrize("shape", [(), (7,), (9, 6), (5, 4, 7), (3, 4, 5, 6)])
def test_chunks_of_up_to_four_axes_come_back(shape):
    """Without loss in the reversible mode."""
    array = field(*shape) if shape else np.array(3.5)

    decoded = Zfp().decode(Zfp().encode(array), spec_of(array))

    assert decoded.tobytes() == array.tobytes()


@needs_zfp
def test_an_error_stays_below_the_tolerance():
    """That is what the mode promises."""
    array = field(40, 50)
    codec = Zfp("fixed_accuracy", tolerance=0.05)

    encoded = codec.encode(array)

    assert np.abs(codec.decode(encoded, spec_of(array)) - array).max() <= 0.05
    assert len(encoded) < array.nbytes / 4


@needs_zfp
def test_more_axes_go_through_squeeze():
    """Zfp has four."""
    values = field(4, 1, 3, 1, 2, 1)

    with pytest.raises(CodecError, match=r"at most 4 axes, not 6 -> put the codec zarrs\.squeeze"):
        zarrpy.create_array({}, data=values, serializer=Zfp(), compressors=None)
    array = zarrpy.create_array(
        {}, data=values, filters=["zarrs.squeeze"], serializer=Zfp(), compressors=None
    )

    assert (array[...] == values).all()


@needs_zfp
def test_the_upper_half_of_unsigned_integers_is_refused():
    """The library has no such type; a clamped value would be another."""
    with pytest.raises(CodecError, match="4294967295 is above 2147483647"):
        Zfp().encode(np.array([2**32 - 1], "u4"))


@needs_zfp
def test_the_stream_of_zfpy_has_a_header_with_the_shape():
    """A stream of another shape is refused, though it holds as many numbers."""
    array = field(8, 6)
    encoded = ZFPY().encode(array)

    assert bytes(encoded[:3]) == b"zfp"
    with pytest.raises(CorruptChunkError, match="the header is not that of this chunk"):
        ZFPY().decode(encoded, ChunkSpec((6, 8), array.dtype, None))


@needs_zfp
def test_a_v2_array_names_zfpy_as_its_compressor():
    """Where numcodecs has it."""
    values = field(20, 30)

    array = zarrpy.create_array({}, data=values, compressors=ZFPY(), zarr_format=2)

    assert (zarrpy.open(array.store)[...] == values).all()


@pytest.mark.parametrize(
    ("parameters", "field_name"),
    [
        ({}, "mode"),
        ({"mode": "best"}, "mode"),
        ({"mode": "fixed_rate"}, "rate"),
        ({"mode": "fixed_rate", "rate": 0}, "rate"),
        ({"mode": "reversible", "rate": 8}, "rate"),
        ({"mode": "fixed_precision", "precision": 1.5}, "precision"),
        ({"mode": "expert", "minbits": 9, "maxbits": 8, "maxprec": 8, "minexp": 0}, "minbits"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(parameters, field_name):
    """Each mode has its own."""
    with pytest.raises(MetadataError) as caught:
        Zfp.from_config(parameters)

    assert caught.value.field == f"zfp.{field_name}"


@pytest.mark.parametrize("dtype", ["u2", "i4", "f8"])
def test_pcodec_comes_back_where_its_package_is_installed(dtype):
    """Without loss."""
    pytest.importorskip("pcodec", reason="pip install 'zarrpy[pcodec]'")
    array = field(30, 20, dtype="f8").round(1).clip(0).astype(dtype)

    encoded = PCodec().encode(array)

    assert PCodec().decode(encoded, spec_of(array)).tobytes() == array.tobytes()
    with pytest.raises(CorruptChunkError, match=r"numcodecs\.pcodec"):
        PCodec().decode(encoded[: len(encoded) // 2], spec_of(array))
    with pytest.raises(CorruptChunkError, match="does not decode to 601 numbers"):
        PCodec().decode(encoded, ChunkSpec((601,), array.dtype, None))


def test_a_missing_package_is_told_with_the_command(monkeypatch):
    """On first use, not before."""
    monkeypatch.setitem(__import__("sys").modules, "pcodec", None)

    with pytest.raises(MissingDependencyError, match=r"pip install 'zarrpy\[pcodec\]'"):
        PCodec().encode(np.arange(5))
