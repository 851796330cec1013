"""Tests of `zarrpy.creation`: from keywords to metadata."""

import numpy as np
import pytest

from zarrpy.codecs.zstd import Zstd
from zarrpy.creation import array_metadata, check_keyword
from zarrpy.keywords import auto_keyword
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding


def made(**keywords):
    """Metadata of an array of (10, 20) 32-bit integers, but for what is said."""
    return array_metadata(**{"shape": (10, 20), "dtype": "i4", **keywords})[0]


@pytest.mark.parametrize(
    ("given", "chunks"),
    [
        ("auto", (10, 20)),
        (True, (10, 20)),
        (None, (10, 20)),
        (False, (10, 20)),
        (5, (5, 5)),
        ((3, 7), (3, 7)),
        ([3, 7], (3, 7)),
        ((-1, 7), (10, 7)),
        (-1, (10, 20)),
        (np.array([3, 7]), (3, 7)),
        ((np.int64(3), 7), (3, 7)),
        ((100, 7), (100, 7)),
    ],
)
def test_chunks_in_every_spelling(given, chunks):
    """One number for all axes, -1 for a whole axis, False for one chunk."""
    assert made(chunks=given).chunk_grid.chunk_shape == chunks


@pytest.mark.parametrize("shape", [7, (7,), [7], np.int64(7), np.array([7]), iter([7])])
def test_shapes_in_every_spelling(shape):
    """An integer, or several of any kind."""
    assert made(shape=shape).shape == (7,)


@pytest.mark.parametrize("dtype", ["i2", np.int16, np.dtype("<i2"), "int16"])
def test_data_types_in_every_spelling(dtype):
    """Whatever names one to NumPy."""
    assert made(dtype=dtype).data_type.numpy == np.dtype("i2")


@pytest.mark.parametrize(
    ("dtype", "endian"), [("<i4", "little"), (">i4", "big"), ("u1", None), ("bool", None)]
)
def test_the_byte_order_of_the_data_type_is_that_of_the_store(dtype, endian):
    """Elements of one byte have none."""
    (serializer,) = [codec for codec in made(dtype=dtype).codecs if codec.name == "bytes"]

    assert serializer.configuration.get("endian") == endian


def test_codecs_come_in_the_order_of_encoding():
    """The order of elements first, then filters, the serializer, compressors."""
    metadata = made(
        order="F", filters=["delta"], compressors=["shuffle", Zstd(3), {"name": "crc32c"}]
    )

    assert [codec.name for codec in metadata.codecs] == [
        "transpose",
        "numcodecs.delta",
        "bytes",
        "numcodecs.shuffle",
        "zstd",
        "crc32c",
    ]


@pytest.mark.parametrize("given", [None, (), []])
def test_no_compressors_are_none(given):
    """Elements are stored as they are."""
    assert [codec.name for codec in made(compressors=given).codecs] == ["bytes"]


def test_order_f_of_one_axis_is_order_c():
    """There is nothing to transpose."""
    assert [c.name for c in made(shape=3, order="F", compressors=None).codecs] == ["bytes"]


def test_the_fill_value_is_zero_unless_given():
    """Of the data type."""
    assert made().fill_value == 0
    assert made(fill_value=7).fill_value == np.int32(7)
    assert made(fill_value=np.int64(7)).fill_value.dtype == np.dtype("i4")
    assert not made(fill_value=None, zarr_format=2).fill_defined
    assert np.isnan(made(dtype="f4", fill_value="NaN").fill_value)


def test_chunk_keys_in_every_spelling():
    """An encoding, a document, a separator, an object that tells a document."""

    class Foreign:
        def to_dict(self):
            return {"name": "v2", "separator": "/"}

    expected = ChunkKeyEncoding("v2", "/")
    for given in (expected, {"name": "v2", "separator": "/"}, Foreign()):
        assert made(chunk_key_encoding=given).chunk_keys == expected
    assert made(chunk_key_encoding=".").chunk_keys == ChunkKeyEncoding("default", ".")


def test_settings_of_one_array_are_taken_as_zarr_python_spells_them():
    """The order of arrays in memory is always C."""
    keywords = {"shape": 3, "dtype": "i4"}

    assert array_metadata(**keywords)[1] is None
    assert array_metadata(**keywords, config={"write_empty_chunks": True})[1] is True
    assert array_metadata(**keywords, config={"order": "F"})[1] is None


def test_older_keywords_are_renamed():
    """Each once."""
    assert auto_keyword({"compressor": 1, "chunk_shape": 2}) == {"compressors": 1, "chunks": 2}
    with pytest.raises(TypeError, match="twice"):
        auto_keyword({"compressor": 1, "compressors": 2})


def test_a_misspelt_keyword_names_the_one_that_was_meant():
    """Where there is one like it."""
    with pytest.raises(TypeError, match="Did you mean 'fill_value'"):
        check_keyword("fillvalue")
    with pytest.raises(TypeError, match=r"'xyzzy'$"):
        check_keyword("xyzzy")


def test_a_float_of_one_byte_can_be_made_in_v2():
    """NumPy has no name such as "<f1" for what ml_dtypes adds to it."""
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes: pip install ml_dtypes")

    metadata = made(dtype="float8_e5m2", zarr_format=2)

    assert metadata.data_type.name == "float8_e5m2"


def test_a_filter_sees_what_the_one_before_it_gives():
    """The fill value 1000 is 0 after scale_offset, which the cast keeps."""
    scaled = {"name": "scale_offset", "configuration": {"offset": 1000, "scale": 2}}
    cast = {"name": "cast_value", "configuration": {"data_type": "uint8"}}

    metadata = made(dtype="f8", fill_value=1000.0, filters=[scaled, cast])

    assert [codec.name for codec in metadata.codecs][:2] == ["scale_offset", "cast_value"]


@pytest.mark.parametrize(
    "codec",
    [
        {"id": "bitround", "keepbits": 5},
        {"id": "astype", "encode_dtype": ">f2", "decode_dtype": ">f4"},
        {"id": "fixedscaleoffset", "offset": 0, "scale": 10, "dtype": ">f4", "astype": ">i2"},
    ],
    ids=lambda codec: codec["id"],
)
def test_filters_of_numbers_take_the_other_byte_order(codec):
    """Big-endian numbers are numbers."""
    metadata = made(dtype=">f4", zarr_format=2, filters=[codec])

    assert metadata.codecs[0].name == codec["id"]
