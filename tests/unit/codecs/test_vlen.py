"""Tests of `zarrpy.codecs.vlen`."""

import tracemalloc

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy import config
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.vlen import VLenArray, VLenBytes, VLenUTF8
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError

TEXT = np.dtypes.StringDType()
TEXTS = ["", "a", "naïve", "Łódź", "\U0001f40d" * 9, "a\0b", "end\0", "\0", "x" * 300]
BLOBS = [b"", b"a", b"\0", b"\xff\xfe", b"end\0\0", b"x" * 300]


def boxed(values):
    array = np.empty(len(values), object)
    for i, each in enumerate(values):
        array[i] = each
    return array


def stream(*elements, count=None):
    parts = [len(each).to_bytes(4, "little") + each for each in elements]
    return (len(parts) if count is None else count).to_bytes(4, "little") + b"".join(parts)


def text_spec(*shape):
    return ChunkSpec(shape, TEXT, None)


def test_texts_are_stored_as_numcodecs_does(body):
    """Byte for byte, empty ones and those with zeros included."""
    array = np.array(TEXTS, TEXT)

    encoded = VLenUTF8().encode(array)

    assert bytes(encoded) == bytes(numcodecs.VLenUTF8().encode(boxed(TEXTS)))
    assert VLenUTF8().decode(encoded, text_spec(len(TEXTS))).tolist() == TEXTS


def test_bytes_are_stored_as_numcodecs_does(body):
    """Byte for byte, zeros at the end included."""
    encoded = VLenBytes().encode(boxed(BLOBS))

    assert bytes(encoded) == bytes(numcodecs.VLenBytes().encode(boxed(BLOBS)))
    spec = ChunkSpec((len(BLOBS),), np.dtype(object), None)
    assert VLenBytes().decode(encoded, spec).tolist() == BLOBS


@pytest.mark.parametrize("dtype", ["<i4", ">i2", "|u1", "<f8", "|b1", "<U3"])
def test_inner_arrays_are_stored_as_numcodecs_does(body, dtype):
    """Byte for byte, in the byte order of the inner data type; empty ones and none at all too."""
    inner = [np.arange(n).astype("i8").astype(dtype) for n in (3, 0, 7)]
    ours, theirs = VLenArray(dtype), numcodecs.VLenArray(dtype)

    encoded = ours.encode(boxed([*inner, None]))
    decoded = ours.decode(encoded, ChunkSpec((4,), np.dtype(object), None))

    assert bytes(encoded) == bytes(theirs.encode(boxed([*inner, None])))
    for found, wanted in zip(decoded, theirs.decode(encoded), strict=True):
        assert (found.dtype, found.tolist()) == (wanted.dtype, wanted.tolist())
        assert found.flags.writeable


def test_inner_arrays_without_a_data_type_are_bytes(body):
    """So the codec stands in v3 documents, for the data type of bytes."""
    spec = ChunkSpec((2,), np.dtype(object), None)

    encoded = VLenArray().encode(boxed([b"ab", b""]))

    assert bytes(encoded) == stream(b"ab", b"")
    assert VLenArray().decode(encoded, spec).tolist() == [b"ab", b""]


@pytest.mark.parametrize("shape", [(), (9,), (3, 3), (1, 9), (3, 1, 3)])
def test_elements_follow_in_c_order_whatever_the_strides(body, shape):
    """Transposed, reversed and strided arrays are their elements."""
    flat = np.array(TEXTS, TEXT)[: int(np.prod(shape))]
    array = flat.reshape(shape)
    double = np.repeat(array[..., None], 2, axis=-1)

    encoded = bytes(VLenUTF8().encode(array))

    assert bytes(VLenUTF8().encode(np.asfortranarray(array))) == encoded
    assert bytes(VLenUTF8().encode(double[..., 1])) == encoded
    reversed_ = array[(*(slice(None, None, -1),) * array.ndim, ...)]
    assert bytes(VLenUTF8().encode(reversed_)) == bytes(VLenUTF8().encode(reversed_.copy()))
    assert VLenUTF8().decode(encoded, text_spec(*shape)).tolist() == array.tolist()


@given(data=st.data())
def test_a_part_of_a_chunk_is_what_numpy_selects(data):
    """Any part with positive steps, to any strides, natively and in Python."""
    shape = tuple(data.draw(st.lists(st.integers(1, 5), max_size=3)))
    count = int(np.prod(shape))
    texts = data.draw(st.lists(st.text(max_size=20), min_size=count, max_size=count))
    array = np.array(texts, TEXT).reshape(shape)
    part = tuple(
        slice(start := data.draw(st.integers(0, n - 1)), data.draw(st.integers(start + 1, n)),
              data.draw(st.integers(1, 3)))
        for n in shape
    )  # fmt: skip
    encoded = VLenUTF8().encode(array)

    for disable in (frozenset(), frozenset(["native"])):
        with config.set(disable=disable):
            whole = np.full(array[(*part, ...)].shape[::-1], "before " * 5, TEXT)
            out = whole.T
            VLenUTF8().decode_into(encoded, text_spec(*shape), part, out)

        assert out.tolist() == array[(*part, ...)].tolist()


DAMAGED = [
    (b"", "holds less than the 4 bytes of a count, but the chunk has 2 elements"),
    (b"\2\0\0", "holds less than the 4 bytes of a count"),
    (stream(b"a"), "the stream holds 1 elements, but the chunk has 2 elements"),
    (stream(b"a", b"b", b"c"), "the stream holds 3 elements"),
    (b"\xff\xff\xff\xff", "the stream holds 4294967295 elements"),
    (stream(b"a", count=2), "the stream ends within element 1 of 2"),
    (stream(b"a", b"bc")[:-1], "the stream ends within element 1 of 2"),
    (stream(b"a", b"")[:-1], "the stream ends within element 1 of 2"),
    (b"\2\0\0\0\xff\xff\xff\xffab", "the stream ends within element 0 of 2"),
    (b"\2\0\0\0\xfe\xff\xff\x7fab", "the stream ends within element 0 of 2"),
    (stream(b"a", b"b") + b"xyz", "3 bytes are left behind the last of 2 elements"),
]


@pytest.mark.parametrize(("data", "reason"), DAMAGED)
@pytest.mark.parametrize("codec", [VLenUTF8(), VLenBytes(), VLenArray("u1")], ids=repr)
def test_a_damaged_stream_is_corrupt_and_says_where(body, codec, data, reason):
    """Counts, lengths and the end are checked before anything is made."""
    dtype = TEXT if codec == VLenUTF8() else np.dtype(object)

    with pytest.raises(CorruptChunkError, match=reason) as caught:
        codec.decode(data, ChunkSpec((2,), dtype, None))

    assert caught.value.codec == codec.name


NOT_UTF8 = [
    b"\x80", b"\xc3", b"\xc3(", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x80\x80\x80",
    b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"\xfe\xff",
    b"\xf0\x9f\x90", b"12345678\x80", b"12345678\xc3", b"1234567\xc312345678", b"\xed\xa0\xbd\xed",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_UTF8)
def test_what_is_not_utf_8_is_corrupt(body, text):
    """Overlong forms, halves of pairs and cut characters are refused as Python refuses them."""
    with pytest.raises(UnicodeDecodeError):
        text.decode()

    with pytest.raises(CorruptChunkError, match="element 1 of 2 is not UTF-8"):
        VLenUTF8().decode(stream(b"fine", text), text_spec(2))


def test_a_character_is_not_put_together_from_two_elements(body):
    """Each element is a text of its own."""
    first, second = "é".encode()[:1], "é".encode()[1:]

    with pytest.raises(CorruptChunkError, match="element 0 of 2 is not UTF-8"):
        VLenUTF8().decode(stream(first, second), text_spec(2))


@given(st.binary(max_size=40), st.integers(0, 3))
def test_both_bodies_take_and_refuse_the_same_texts(text, before):
    """Python's decoder is the judge of the one in C."""
    data = stream(b"x" * before, text)

    found = []
    for disable in (frozenset(), frozenset(["native"])):
        with config.set(disable=disable):
            try:
                found.append(VLenUTF8().decode(data, text_spec(2)).tolist())
            except CorruptChunkError as error:
                found.append(str(error))

    assert found[0] == found[1]


@given(st.integers(0, 3), st.binary(max_size=60))
def test_any_bytes_are_a_chunk_or_corrupt(count, rest):
    """Whatever a store returns, nothing else comes of it."""
    for data in (rest, count.to_bytes(4, "little") + rest):
        for codec, dtype in ((VLenUTF8(), TEXT), (VLenArray("<i2"), np.dtype(object))):
            try:
                shape = codec.decode(data, ChunkSpec((count,), dtype, None)).shape
            except CorruptChunkError:
                shape = (count,)
            assert shape == (count,)


def test_a_length_that_lies_reserves_no_memory():
    """Sizes are believed only after the bytes were seen."""
    lying = b"\2\0\0\0\xff\xff\xff\xf0" + b"a" * 100

    tracemalloc.start()
    for codec, dtype in ((VLenUTF8(), TEXT), (VLenBytes(), np.dtype(object))):
        with pytest.raises(CorruptChunkError):
            codec.decode(lying, ChunkSpec((2,), dtype, None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20


def test_an_inner_array_that_is_cut_is_corrupt(body):
    """Its bytes are a multiple of its elements' size."""
    with pytest.raises(CorruptChunkError, match="element 0 has 3 bytes, which are no array of"):
        VLenArray("<i2").decode(stream(b"abc"), ChunkSpec((1,), np.dtype(object), None))


@pytest.mark.parametrize(
    "element", [np.zeros((2, 2), "i4"), np.zeros(2, "f8"), "text", 5, np.zeros(3, "i8") * 1.5]
)
def test_an_inner_array_of_another_kind_is_refused(body, element):
    """Nothing is rounded and nothing is flattened on the way."""
    with pytest.raises(CodecError, match="element 1 is"):
        VLenArray("<i4").encode(boxed([np.zeros(1, "i4"), element]))


FORMS = {
    "as stored": lambda array, dtype: array.astype(dtype),
    "reversed": lambda array, dtype: array.astype(dtype)[::-1],
    "strided": lambda array, dtype: array.astype(dtype)[::2],
    "read-only": lambda array, dtype: np.frombuffer(array.astype(dtype).tobytes(), dtype),
    "a list": lambda array, dtype: array.astype(dtype).tolist(),
    "a subclass": lambda array, dtype: np.ma.array(array.astype(dtype)),
    "the other byte order": lambda array, dtype: array.astype(np.dtype(dtype).newbyteorder("S")),
}


@pytest.mark.parametrize("dtype", ["<i4", ">i4", "<f8", "|S3"])
@given(
    inner=st.lists(
        st.tuples(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 99), min_size=1)),
        min_size=1,
        max_size=6,
    )
)
def test_inner_arrays_of_any_form_are_stored_as_numcodecs_does(dtype, inner):
    """By both bodies, and read back as plain arrays of their own."""
    elements = boxed([FORMS[form](np.array(values, "i2"), dtype) for form, values in inner])
    wanted = [np.ascontiguousarray(each, dtype) for each in elements]
    spec = ChunkSpec((len(inner),), np.dtype(object), None)

    for disable in (frozenset(), frozenset(["native"])):
        with config.set(disable=disable):
            encoded = VLenArray(dtype).encode(elements)
            found = VLenArray(dtype).decode(encoded, spec)

        assert bytes(encoded) == bytes(numcodecs.VLenArray(dtype).encode(elements))
        for each, right in zip(found, wanted, strict=True):
            assert (type(each), each.dtype, each.tolist()) == (
                np.ndarray, right.dtype, right.tolist()
            )  # fmt: skip


def test_an_array_that_changes_while_it_is_written_is_an_error():
    """Its bytes would not be where they were measured."""
    from zarrpy._native.strings import pack_arrays

    first = np.zeros(3, "i4")

    def convert(value, number):
        first.resize(1000, refcheck=False)
        return np.zeros(1, "i4")

    with pytest.raises(RuntimeError, match="element 0 was changed"):
        pack_arrays([first, [1]], np.dtype("i4"), convert)


def test_what_is_no_bytes_is_refused(body):
    """The error names the element."""
    with pytest.raises(CodecError, match="element 1 is no bytes but str"):
        VLenBytes().encode(boxed([b"a", "b"]))


@pytest.mark.parametrize(
    ("codec", "dtype"),
    [("vlen-utf8", "i4"), ("vlen-utf8", "O"), ("vlen-bytes", "T"), ("vlen-array", "f8")],
)
def test_a_codec_refuses_the_data_types_of_others(codec, dtype):
    """When a chain is bound, and not with the first chunk."""
    from zarrpy.codecs import find

    with pytest.raises(CodecError, match="is for the data type"):
        find(codec).from_config({}, spec=ChunkSpec((2,), np.dtype(dtype), None))


@pytest.mark.parametrize("dtype", ["nonsense", 5, "|O", "S", [["a", "<i4"]]])
def test_an_inner_data_type_is_checked(dtype):
    """The error names the parameter and its value."""
    with pytest.raises(MetadataError, match=r"vlen-array\.dtype must be a"):
        VLenArray.from_config({"dtype": dtype})


def test_inner_arrays_of_v2_need_a_data_type():
    """As numcodecs has it."""
    with pytest.raises(MetadataError, match=r"vlen-array\.dtype must be a NumPy data type"):
        VLenArray.from_config({}, dialect=2)


def test_a_missing_text_is_refused():
    """NumPy's own missing values have no form in a stream."""
    array = np.array(["a", None], np.dtypes.StringDType(na_object=None))

    with pytest.raises(ValueError, match="a text is missing"):
        VLenUTF8().encode(array)


def test_texts_go_nowhere_but_where_they_may():
    """The native part checks what it is given."""
    from zarrpy._native.strings import pack_text, unpack_text

    out = np.empty(2, TEXT)
    for first, steps in ((1, [1]), (0, [2]), (-1, [1]), (0, [-1]), (0, [1, 1])):
        with pytest.raises(ValueError, match=r"elements|zip"):
            unpack_text(stream(b"a", b"b"), 2, out, first, steps)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        unpack_text(stream(b"a", b"b"), 2, out, 0, [1])
    with pytest.raises(TypeError, match="StringDType"):
        pack_text(np.zeros(2))
