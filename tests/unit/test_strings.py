"""Texts, bytes and objects of many lengths, through the public interface and to disk."""

import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import (
    ChunkLimitError,
    CodecError,
    CorruptChunkError,
    MetadataError,
    ShapeMismatchError,
)

TEXT = np.dtypes.StringDType()
TEXTS = ["", "a", "naïve", "Łódź", "\U0001f40d" * 9, "a\0b", "end\0", "\0", "x" * 300, "b"]
BLOBS = [b"", b"a", b"\0", b"\xff\xfe", b"end\0\0", b"x" * 300, b"y"]


def boxed(values):
    array = np.empty(len(values), object)
    for i, each in enumerate(values):
        array[i] = each
    return array


@pytest.fixture(params=["memory", "local"])
def place(request, tmp_path):
    """Where an array goes: a dictionary, or a directory."""
    return {} if request.param == "memory" else tmp_path / "a.zarr"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_texts_are_stored_and_opened_again(place, zarr_format, body):
    """With the default codecs, in any store; zeros and characters of any plane included."""
    zarrpy.create_array(place, data=TEXTS, dtype=str, chunks=3, zarr_format=zarr_format)

    array = zarrpy.open(place)
    found = array[...]

    assert array.dtype == found.dtype == TEXT
    assert found.tolist() == TEXTS
    assert array[::-2].tolist() == TEXTS[::-2]
    assert array[3] == "Łódź"
    assert type(array[3]) is str


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", [bytes, "bytes"])
def test_bytes_are_stored_and_opened_again(place, zarr_format, dtype, body):
    """As `bytes` objects, zeros at the end included."""
    zarrpy.create_array(place, data=BLOBS, dtype=dtype, chunks=3, zarr_format=zarr_format)

    array = zarrpy.open(place)

    assert array.dtype == object
    assert array[...].tolist() == BLOBS
    assert array[4] == b"end\0\0"


@pytest.mark.parametrize(
    "dtype", [str, "str", "string", "T", TEXT, np.dtypes.StringDType(na_object=None)], ids=repr
)
def test_a_text_type_has_many_names(dtype):
    """All of them are `string` in v3, and objects of vlen-utf8 in v2."""
    new, old = {}, {}

    array = zarrpy.create_array(new, shape=3, dtype=dtype)
    zarrpy.create_array(old, shape=3, dtype=dtype, zarr_format=2)

    assert array.dtype == TEXT
    assert b'"data_type": "string"' in new["zarr.json"]
    assert b'"name": "vlen-utf8"' in new["zarr.json"]
    assert b'"dtype": "|O"' in old[".zarray"]
    assert b'"id": "vlen-utf8"' in old[".zarray"]


def test_no_warning_is_given():
    """Neither on creation nor on reading or writing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array = zarrpy.create_array({}, data=["a", "b"], dtype=str)
        array[0] = "c"
        array[...]


@pytest.mark.parametrize(
    "value",
    [
        ["x", "yz"],
        ("x", "yz"),
        np.array(["x", "yz"]),
        np.array(["x", "yz"], object),
        np.array(["x", "yz"], TEXT),
        np.array(["x", "yz"], np.dtypes.StringDType(na_object=None)),
        np.array(["x", "yz"], np.dtypes.StringDType(na_object=np.nan)),
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)
def test_texts_are_written_from_whatever_holds_them(value, body):
    """Lists, and NumPy's arrays of three kinds."""
    array = zarrpy.create_array({}, shape=(3, 2), chunks=(2, 1), dtype=str, fill_value="?")

    array[1] = value

    assert array[...].tolist() == [["?", "?"], ["x", "yz"], ["?", "?"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", None], "element 1 is None; give it a value"),
        ([1, 2], "element 0 is int 1"),
        (boxed(["a", 1.5]), "element 1 is float 1.5"),
        (np.array([1, 2]), "an array of strings takes strings, not int64; convert them first"),
        (b"ab", "element 0 is bytes b'ab'"),
        (None, "element 0 is None"),
        (np.array([b"ab"]), r"takes strings, not \|S2"),
        (np.array(["a", None], np.dtypes.StringDType(na_object=None)), "element 1 is None"),
        (np.array(["a", np.nan], np.dtypes.StringDType(na_object=np.nan)), "is float nan"),
    ],
)  # fmt: skip
def test_what_is_not_text_is_not_made_text(value, text):
    """None is not "None", and 1 is not "1"; nothing is written."""
    array = zarrpy.create_array({}, shape=2, chunks=1, dtype=str, fill_value="?")

    with pytest.raises(TypeError, match=text):
        array[...] = value

    assert array[...].tolist() == ["?", "?"]


@pytest.mark.parametrize("value", ["a\ud800", ["b", "\udfff"], boxed(["b", "\udfff"])], ids=repr)
def test_half_a_character_is_refused(value):
    """A lone surrogate has no form in UTF-8."""
    array = zarrpy.create_array({}, shape=2, chunks=1, dtype=str)

    with pytest.raises(ValueError, match=r"cannot be stored as UTF-8.*surrogates not allowed"):
        array[...] = value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([b"a", None], "element 1 is None; give it a value"),
        (["a", "b"], "element 0 is str 'a'"),
        (np.array([1, 2]), "an array of bytes takes bytes, not int64"),
    ],
)
def test_what_is_not_bytes_is_not_made_bytes(value, text):
    """Text is encoded by who knows how."""
    array = zarrpy.create_array({}, shape=2, chunks=1, dtype=bytes)

    with pytest.raises(TypeError, match=text):
        array[...] = value


@pytest.mark.parametrize(
    "value",
    [[b"x", b"yz"], [bytearray(b"x"), memoryview(b"yz")], np.array([b"x", b"yz"])],
    ids=["bytes", "buffers", "array"],
)
def test_bytes_are_written_from_whatever_holds_them(value, body):
    """They come back as `bytes`."""
    array = zarrpy.create_array({}, shape=(2, 2), chunks=1, dtype=bytes)

    array[1] = value

    assert array[...].tolist() == [[b"", b""], [b"x", b"yz"]]


@pytest.mark.parametrize(
    "value",
    [np.array(["x"], TEXT), np.array([["x"]], "U1"), boxed(["x"])],
    ids=lambda v: str(v.dtype),
)
def test_an_array_of_one_text_is_one(value, body):
    """Axes of length 1 in front do not count, as in NumPy."""
    array = zarrpy.create_array({}, shape=(2, 2), chunks=1, dtype=str)
    single = zarrpy.create_array({}, shape=(), dtype=str)

    array[0, 1] = value
    single[...] = value

    assert array[...].tolist() == [["", "x"], ["", ""]]
    assert single[()] == "x"


def test_a_text_for_all_elements_is_broadcast(body):
    """As NumPy does."""
    array = zarrpy.create_array({}, shape=(2, 3), chunks=(2, 2), dtype=str)

    array[:, 1:] = "ab"
    array[0] = ["x", "y", "z"]

    assert array[...].tolist() == [["x", "y", "z"], ["", "ab", "ab"]]
    with pytest.raises(ShapeMismatchError):
        array[...] = ["a", "b"]


FILLS = [
    (str, 3, "é\0", '"fill_value": "é\\u0000"', "é\0"),
    (str, 2, "é", '"fill_value": "é"', "é"),
    (str, 3, None, '"fill_value": ""', ""),
    (str, 2, None, '"fill_value": null', ""),
    (str, 3, 0, '"fill_value": ""', ""),
    (bytes, 3, b"ab\0", '"fill_value": "YWIA"', b"ab\0"),
    (bytes, 2, b"ab\0", '"fill_value": "YWIA"', b"ab\0"),
    (bytes, 3, [97, 0], '"fill_value": "YQA="', b"a\0"),
    (bytes, 3, None, '"fill_value": ""', b""),
    (bytes, 2, None, '"fill_value": null', b""),
]


@pytest.mark.parametrize(("dtype", "zarr_format", "fill", "document", "value"), FILLS)
def test_elements_never_written_are_the_fill_value(
    place, dtype, zarr_format, fill, document, value, body
):
    """Which is also what a chunk is compared with before it is left out."""
    array = zarrpy.create_array(
        place, shape=5, chunks=2, dtype=dtype, fill_value=fill, zarr_format=zarr_format
    )
    other = value + type(value)(b"!" if dtype is bytes else "!")
    array[:2] = [value, value]
    array[2] = other

    again = zarrpy.open(place)

    stored = b"".join(array.store.get(key) for key in array.store.list() if "z" in key).decode()
    chunks = [key for key in array.store.list() if "z" not in key]
    assert document in stored or document.encode().decode("unicode-escape") in stored
    assert [key[-1] for key in chunks] == ["1"]
    assert again.fill_value == value
    assert type(again.fill_value) is dtype
    assert again[...].tolist() == [value, value, other, value, value]


def test_empty_chunks_are_written_when_asked(body):
    """As of any data type."""
    store = {}
    array = zarrpy.create_array(
        store, shape=4, chunks=2, dtype=str, config={"write_empty_chunks": True}
    )

    array[...] = ""

    assert sorted(store) == ["c/0", "c/1", "zarr.json"]


def test_a_zero_left_by_older_writers_is_the_empty_element():
    """Their fill value of objects is 0 unless one is named."""
    document = (
        '{"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "|O", "compressor": null, '
        '"fill_value": 0, "order": "C", "filters": [{"id": "%s"}]}'
    )

    for codec, empty in (("vlen-utf8", ""), ("vlen-bytes", b"")):
        array = zarrpy.open({".zarray": (document % codec).encode()})
        assert array[...].tolist() == [empty, empty]


@pytest.mark.parametrize("fill", ["a\ud800", 5, 1.5, b"ab"])
def test_a_fill_value_that_is_no_text_is_refused(fill):
    """The error names the member."""
    with pytest.raises(MetadataError, match="fill_value must be"):
        zarrpy.create_array({}, shape=2, dtype=str, fill_value=fill)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_any_number_of_axes_and_either_order(order, zarr_format, body):
    """Elements stand in C order of the chunk, or reversed by a transpose."""
    values = np.array([f"{'x' * (i % 40)}{i}" for i in range(60)], TEXT).reshape(3, 4, 5)
    store = {}

    array = zarrpy.create_array(
        store, data=values, chunks=(2, 3, 2), order=order, zarr_format=zarr_format
    )
    array[1, 1:, ::2] = values[1, 1:, ::2]

    again = zarrpy.open(store)
    assert again.order == order
    assert again[...].tolist() == values.tolist()
    assert again[::-1, 1, 3::-2].tolist() == values[::-1, 1, 3::-2].tolist()


def test_an_array_without_axes_holds_one_text(place, body):
    """And gives it as `str`."""
    array = zarrpy.create_array(place, shape=(), dtype=str)
    empty = array[()]
    array[...] = "one"

    assert (empty, zarrpy.open(place)[()]) == ("", "one")
    assert array[...].shape == ()


def test_an_array_without_elements_is_read_and_written(body):
    """There is nothing in it."""
    array = zarrpy.create_array({}, shape=(0, 3), dtype=str)
    array[...] = np.empty((0, 3), TEXT)

    assert array[...].shape == (0, 3)


def test_a_read_goes_into_an_array_of_texts(body):
    """Of any strides; one of another type is refused."""
    array = zarrpy.create_array({}, data=TEXTS, dtype=str, chunks=4)
    out = np.full(20, "before", TEXT)

    array.read(out=out[::-2])

    assert out[::-2].tolist() == TEXTS
    assert set(out[::2].tolist()) == {"before"}
    with pytest.raises(TypeError, match="out has data type"):
        array.read(out=np.empty(10, "U5"))


@pytest.mark.parametrize("key", ["c/0", "c/1"])
def test_a_damaged_chunk_names_codec_chunk_and_key(place, key, body):
    """Whatever is wrong with its stream."""
    array = zarrpy.create_array(place, data=TEXTS, dtype=str, chunks=5, compressors=None)
    array.store.set(key, bytes(array.store.get(key))[:-1])

    with pytest.raises(CorruptChunkError, match="the stream ends within element 4 of 5") as caught:
        array[...]

    assert (caught.value.codec, caught.value.key) == ("vlen-utf8", key)
    assert caught.value.chunk == (int(key[-1]),)


def test_a_chunk_that_decompresses_without_end_is_refused():
    """Its size is not known beforehand, but the limit of the settings is."""
    store = {}
    array = zarrpy.create_array(store, data=["a" * 100_000], dtype=str, compressors="zstd")

    with (
        zarrpy.config.set({"limits.max_chunk_bytes": 10_000}),
        pytest.raises(ChunkLimitError, match="zstd"),
    ):
        array[...]


@pytest.mark.parametrize("name", ["bytes", "variable_length_bytes", "binary"])
@pytest.mark.parametrize("fill", ['"YWI="', "[97, 98]"])
def test_bytes_have_three_names_in_v3(name, fill):
    """A document keeps the one it has, and the form of its fill value."""
    text = (
        '{"zarr_format": 3, "node_type": "array", "shape": [2], "data_type": "%s", "chunk_grid": '
        '{"name": "regular", "configuration": {"chunk_shape": [2]}}, "chunk_key_encoding": '
        '{"name": "default"}, "fill_value": %s, "codecs": ["vlen-bytes"]}'
    )
    store = {"zarr.json": (text % (name, fill)).encode()}
    array = zarrpy.open(store)
    found = array[...].tolist()

    array.attrs["a"] = 1

    assert found == [b"ab", b"ab"]
    assert f'"data_type": "{name}"'.encode() in store["zarr.json"]


def test_texts_within_structures_are_refused():
    """Elements of a structure have one size."""
    field = {"name": "a", "data_type": "string"}

    with pytest.raises(MetadataError, match="field 'a' must be a type of one size"):
        zarrpy.create_array(
            {}, shape=2, dtype={"name": "struct", "configuration": {"fields": [field]}}
        )


@pytest.mark.parametrize("dtype", ["i4", "S5", "O"])
def test_a_text_codec_is_for_texts(dtype):
    """Data type and codec agree, or nothing is created."""
    store = {}

    with pytest.raises((CodecError, MetadataError)):
        zarrpy.create_array(
            store, shape=2, dtype=dtype, serializer="vlen-bytes", filters="vlen-utf8"
        )

    assert store == {}


def test_numbers_have_no_codec_for_texts():
    """The error names codec and data type when the array is created."""
    with pytest.raises(CodecError, match=r"vlen-utf8.*is for the data type string, and not for"):
        zarrpy.create_array({}, shape=2, dtype="i4", serializer={"name": "vlen-utf8"})


def test_sizes_count_what_leads_to_the_texts():
    """As NumPy counts them; displays say that lengths differ."""
    array = zarrpy.create_array({}, data=TEXTS, dtype=str)

    assert (array.itemsize, array.nbytes) == (TEXT.itemsize, 10 * TEXT.itemsize)
    assert array.info.facts["size"] == "any length"
    assert array.info.facts["data type"] == "string"
    assert array.info.facts["fill value"] == "''"


def test_texts_are_saved_and_loaded(tmp_path):
    """In groups, with arrays of other types."""
    texts, blobs = np.array(TEXTS, TEXT), boxed(BLOBS)

    zarrpy.save(tmp_path / "g", texts, n=np.arange(3), blobs=blobs)
    zarrpy.save(tmp_path / "copy", zarrpy.open(tmp_path / "g"))
    loaded = zarrpy.load(tmp_path / "copy")

    assert loaded["arr_0"].tolist() == TEXTS
    assert loaded["blobs"].tolist() == BLOBS
    assert "string" in repr(zarrpy.tree(zarrpy.open(tmp_path / "g")))


@pytest.mark.parametrize("dtype", [str, bytes])
def test_relatives_of_an_array_are_of_its_type(dtype):
    """Zeros are empty, and one is no text."""
    array = zarrpy.zeros(3, dtype=dtype)

    like = zarrpy.empty_like(array)

    assert like.metadata.data_type == array.metadata.data_type
    assert array[...].tolist() == [dtype()] * 3
    with pytest.raises(MetadataError, match="fill_value must be"):
        zarrpy.ones(3, dtype=dtype)


def test_chunks_of_many_texts_are_read_by_several_workers(tmp_path, body):
    """They fill one array together."""
    values = np.array([f"{i:x}" * (i % 9) for i in range(200_000)], TEXT)
    array = zarrpy.create_array(tmp_path, data=values, chunks=7_000)

    with zarrpy.config.set(workers=4):
        found = array[...]
        array[5:-5] = values[::-1][5:-5]

    assert (found == values).all()
    assert (array[5:-5] == values[::-1][5:-5]).all()
