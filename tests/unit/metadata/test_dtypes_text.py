"""Tests of `zarrpy.metadata.dtypes_text`."""

import subprocess
import sys

import numpy as np
import pytest

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill


def sized(name, nbytes):
    return dtypes.from_v3({"name": name, "configuration": {"length_bytes": nbytes}})


TABLE = [
    ({"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}}, "U3", "<U3"),
    ({"name": "null_terminated_bytes", "configuration": {"length_bytes": 3}}, "S3", "|S3"),
    ({"name": "raw_bytes", "configuration": {"length_bytes": 3}}, "V3", "|V3"),
]


@pytest.mark.parametrize(("document", "dtype", "form"), TABLE)
def test_a_length_is_part_of_the_data_type(document, dtype, form):
    """In v3, in v2 and in NumPy."""
    data_type = dtypes.from_v3(document)

    assert data_type.numpy == np.dtype(dtype)
    assert dtypes.from_numpy(dtype)[0] == data_type
    assert dtypes.from_v2(form) == (data_type, form[0])
    assert dtypes.to_v2(data_type, "<") == form
    assert dtypes.to_v3(data_type) == document


def test_raw_bytes_by_a_name_of_their_own_keep_it():
    """That of the specification is read and kept too; other implementations open only this one."""
    data_type = sized("raw_bytes", 3)

    assert data_type.numpy == np.dtype("V3")
    assert dtypes.to_v3(data_type) == {"name": "raw_bytes", "configuration": {"length_bytes": 3}}
    assert dtypes.from_numpy("V3")[0] == data_type
    assert dtypes.to_v3(dtypes.from_numpy("r24")[0]) == "r24"


@pytest.mark.parametrize(
    ("name", "nbytes"),
    [
        ("fixed_length_utf32", 0), ("fixed_length_utf32", 6), ("fixed_length_utf32", 2**31),
        ("null_terminated_bytes", 0), ("null_terminated_bytes", -1), ("raw_bytes", 2.0),
        ("raw_bytes", True), ("raw_bytes", "3"), ("raw_bytes", 2**31),
    ],
)  # fmt: skip
def test_a_length_that_no_element_has_is_refused(name, nbytes):
    """At least one character, at most what NumPy can count."""
    with pytest.raises(MetadataError, match=r"configuration\.length_bytes must be "):
        sized(name, nbytes)


@pytest.mark.parametrize("name", ["r0", "r7", "r12", "r08", "r17179869184", "r" + "8" * 60])
def test_raw_bits_are_whole_bytes(name):
    """And as many as an element can have; leading zeros are another name."""
    with pytest.raises(MetadataError, match="a number of bits that is a multiple of 8"):
        dtypes.from_v3(name)


def test_raw_bits_have_no_configuration():
    """Their name says all."""
    with pytest.raises(MetadataError, match="must be left out for r8"):
        dtypes.from_v3({"name": "r8", "configuration": {"length_bytes": 1}})


@pytest.mark.parametrize("name", ["r", "r8x", "raw", "R8"])
def test_another_name_is_unknown(name):
    """Only digits follow the r."""
    with pytest.raises(UnsupportedExtensionError):
        dtypes.from_v3(name)


@pytest.mark.parametrize("form", ["|S0", "<U0", "|V0", "<U536870912"])
def test_a_v2_length_that_no_element_has_is_refused(form):
    """As in v3."""
    with pytest.raises(MetadataError, match=r"dtype must be of at least 1"):
        dtypes.from_v2(form)


@pytest.mark.parametrize("dtype", ["S", "V", "U", "S0"])
def test_a_numpy_type_without_a_length_is_refused(dtype):
    """The error says how one is given."""
    with pytest.raises(MetadataError, match="elements of 0 bytes -> give a length"):
        dtypes.from_numpy(dtype)


@pytest.mark.parametrize(
    ("name", "nbytes", "written", "bits"),
    [
        ("fixed_length_utf32", 12, "aé", np.array("aé", "U3").tobytes()),
        ("fixed_length_utf32", 4, "\U0001f40d", np.array("\U0001f40d", "U1").tobytes()),
        ("null_terminated_bytes", 3, "YWI=", b"ab\0"),
        ("null_terminated_bytes", 3, "", b"\0\0\0"),
        ("raw_bytes", 3, "AQD/", b"\x01\x00\xff"),
    ],
)
def test_a_fill_value_is_text_or_base64(name, nbytes, written, bits):
    """Exact to the byte, and written as it was read."""
    data_type = sized(name, nbytes)

    value = fill.parse(written, data_type)

    assert np.array(value, data_type.numpy).tobytes() == bits
    assert fill.dump(value, data_type) == written


@pytest.mark.parametrize("written", [[1, 0, 255], "AQD/"])
def test_a_fill_value_of_raw_bits_is_a_list_or_base64(written):
    """The list is that of the specification, and is written."""
    data_type = dtypes.from_v3("r24")

    value = fill.parse(written, data_type)

    assert value.tobytes() == b"\x01\x00\xff"
    assert fill.dump(value, data_type) == [1, 0, 255]
    assert fill.dump_v2(value, data_type, "|") == "AQD/"


@pytest.mark.parametrize(
    ("data_type", "written"),
    [
        (sized("fixed_length_utf32", 8), "abc"), (sized("fixed_length_utf32", 8), 0),
        (sized("null_terminated_bytes", 2), "YWJj"), (sized("null_terminated_bytes", 2), "a"),
        (sized("null_terminated_bytes", 2), "YW I="), (sized("null_terminated_bytes", 2), None),
        (sized("raw_bytes", 2), "YQ=="), (sized("raw_bytes", 2), ""), (sized("raw_bytes", 2), 0),
        (dtypes.from_v3("r16"), [1]), (dtypes.from_v3("r16"), [1, 256]),
        (dtypes.from_v3("r16"), [1, -1]), (dtypes.from_v3("r16"), [1, 2.0]),
        (dtypes.from_v3("r16"), [True, 1]), (dtypes.from_v3("r16"), {"a": 1}),
    ],
)  # fmt: skip
def test_a_fill_value_that_does_not_fit_is_refused(data_type, written):
    """Too long, too short, not base64, or of another kind."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.parse(written, data_type)


@pytest.mark.parametrize("form", ["<U3", "|S3", "|V3"])
def test_older_v2_writers_say_zero_for_nothing(form):
    """Before fill values were encoded at all."""
    data_type, order = dtypes.from_v2(form)

    assert fill.identical(fill.parse_v2(0, data_type, order), fill.zero(data_type))


def test_a_v2_fill_value_of_bytes_is_written_with_its_zeros():
    """Some readers ask for all bytes; both forms are read."""
    data_type, _ = dtypes.from_v2("|S3")

    value = fill.parse_v2("YQ==", data_type, "|")

    assert fill.dump_v2(value, data_type, "|") == "YQAA"
    assert fill.identical(fill.parse_v2("YQAA", data_type, "|"), value)


@pytest.mark.parametrize(
    ("dtype", "given", "bits"),
    [
        ("U2", "a", np.array("a", "U2").tobytes()),
        ("U2", np.str_("ab"), np.array("ab", "U2").tobytes()),
        ("U2", 0, bytes(8)),
        ("U2", None, bytes(8)),
        ("S2", b"a", b"a\0"),
        ("S2", "ab", b"ab"),
        ("S2", np.bytes_(b"ab"), b"ab"),
        ("S2", 0, b"\0\0"),
        ("V2", b"ab", b"ab"),
        ("V2", np.void(b"ab"), b"ab"),
        ("V2", (1, 2), b"\1\2"),
        ("V2", 0, b"\0\0"),
    ],
)
def test_a_program_may_give_text_and_bytes(dtype, given, bits):
    """As Python and NumPy have them; 0 stands for nothing."""
    data_type, _ = dtypes.from_numpy(dtype)

    assert np.array(fill.coerce(given, data_type), dtype).tobytes() == bits


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("U2", "abc"), ("U2", b"a"), ("U2", 1), ("S2", b"abc"), ("S2", "é"), ("S2", 1),
        ("V2", b"a"), ("V2", b"abc"), ("V2", 1.5), ("S2", False),
    ],
)  # fmt: skip
def test_what_a_program_gives_is_not_cut(dtype, given):
    """Nor is it turned from one kind into another."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.coerce(given, dtypes.from_numpy(dtype)[0])


def test_the_data_type_of_texts_is_that_of_no_array():
    """It would keep the texts of the first one as long as the process runs."""
    code = (
        "import numpy as np\n"
        "from zarrpy.metadata import dtypes\n"
        "text = dtypes.from_v3('string').numpy\n"
        "assert np.empty(1, text).dtype is not text\n"
        "assert np.empty(1, text).dtype == text\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)  # where no array was made before
